// Shows one stored output: a picture, a film, a sound with its waveform, or a thing in 3D.

import { creditOf } from "./credit.js";
import { element } from "./elements.js";
import { word } from "./words.js";
import { waveform } from "./waveform.js";

/** Whether this device plays `mimeType`; Safari knows neither Ogg nor, for long, WebM. */
function plays(tag, mimeType) {
  return document.createElement(tag).canPlayType(mimeType) !== "";
}

function unplayable(output) {
  return element(
    "p",
    { class: "note" },
    `${word("common.media.not_here")} `,
    element("a", { href: `${output.url}?download=1`, download: true }, word("common.media.download_it")),
  );
}

function picture(output, alt) {
  const { width, height } = output;
  return { node: element("img", { src: output.url, alt, width, height, decoding: "async", loading: "lazy" }) };
}

function film(output, alt, poster) {
  if (!plays("video", output.mime_type)) return { node: unplayable(output) };
  const node = element("video", { src: output.url, poster, controls: true, playsinline: true, preload: "metadata", "aria-label": alt });
  return { node, stop: () => node.pause() };
}

function sound(output, alt) {
  if (!plays("audio", output.mime_type)) return { node: unplayable(output) };
  const player = element("audio", { src: output.url, controls: true, preload: "metadata", "aria-label": alt });
  const picture = waveform(player, output);
  return {
    node: element("div", { class: "sound" }, picture.node, player),
    stop: () => {
      player.pause();
      picture.stop();
    },
  };
}

function thing(output, alt, poster) {
  const stage = element("div", { class: "stage-3d" });
  let viewer = null;
  let wanted = false;
  let failed = false;

  function instead(error) {
    console.info("No 3D here:", error.message);
    failed = true;
    const still = poster ? element("img", { src: poster, alt }) : null;
    if (still) {
      still.addEventListener("error", () => (stage.hidden = true));
      stage.append(still);
    }
    stage.hidden = !still;
    stage.after(unplayable(output));
  }

  async function show() {
    if (viewer || failed) return;
    viewer = "coming";
    try {
      const { openViewer } = await import("./viewer-3d.js");
      viewer = await openViewer(stage, output, alt);
      if (!wanted) hide();
    } catch (error) {
      viewer = null;
      instead(error);
    }
  }

  function hide() {
    if (!viewer || viewer === "coming") return;
    viewer.stop();
    viewer = null;
  }

  // Browsers draw few things in 3D at once: only what is near is drawn.
  const watcher = new IntersectionObserver(
    (entries) => {
      wanted = entries[entries.length - 1].isIntersecting;
      if (wanted) show();
      else hide();
    },
    { rootMargin: "200px" },
  );
  watcher.observe(stage);
  return {
    node: element("div", {}, stage),
    stop: () => {
      watcher.disconnect();
      wanted = false;
      hide();
    },
  };
}

const SHOWN = { image: picture, video: film, audio: sound, "3d": thing };

/**
 * A figure that shows `output` as the API tells it, with its credit below. `alt` names what is
 * seen; `poster` is the address of a still picture, for films and where 3D is not possible.
 * Returns { node, stop }: `stop` ends playing and drawing, before the node is taken away.
 */
export function mediaView(output, { alt, poster = null }) {
  const { node, stop = () => {} } = (SHOWN[output.type] || ((one) => ({ node: unplayable(one) })))(output, alt, poster);
  const said = creditOf(output);
  const credit = said ? element("figcaption", { class: "credit" }, said) : null;
  return { node: element("figure", { class: `media of-${output.type}` }, node, ...(credit ? [credit] : [])), stop };
}
