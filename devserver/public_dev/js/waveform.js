// The waveform of a sound, drawn in its own colour; a tap goes to that place. It adds to the
// player's own controls and is no more than decoration to a screen reader.

import { element } from "./elements.js";

const BARS = 120;
const LARGEST_BYTES = 25 * 1024 * 1024;
const RATE = 22050; // enough to see loudness, and half the memory

function decode(bytes) {
  const Context = window.OfflineAudioContext || window.webkitOfflineAudioContext;
  if (!Context) return Promise.reject(new Error("no OfflineAudioContext"));
  const context = new Context(1, 1, RATE);
  // With callbacks: Safari returns a promise since 14.1 only.
  return new Promise((resolve, reject) => {
    const promise = context.decodeAudioData(bytes, resolve, reject);
    if (promise) promise.catch(reject);
  });
}

/** The loudest sample of each of BARS equal parts, 0 to 1, the loudest of all being 1. */
function peaksOf(buffer) {
  const samples = buffer.getChannelData(0);
  const part = Math.max(1, Math.floor(samples.length / BARS));
  const peaks = [];
  for (let bar = 0; bar < BARS; bar += 1) {
    let peak = 0;
    const end = Math.min((bar + 1) * part, samples.length);
    for (let i = bar * part; i < end; i += 4) peak = Math.max(peak, Math.abs(samples[i]));
    peaks.push(peak);
  }
  const loudest = Math.max(...peaks) || 1;
  return peaks.map((peak) => peak / loudest);
}

/** Returns { node, stop } for the <audio> element `player` that plays `output`. */
export function waveform(player, output) {
  const canvas = element("canvas", { class: "waveform", "aria-hidden": "true" });
  let peaks = null;
  let frame = 0;

  function draw() {
    frame = 0;
    if (!canvas.isConnected) return;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * scale, canvas.clientHeight * scale];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(canvas).color;
    const played = player.duration ? player.currentTime / player.duration : 0;
    const step = width / BARS;
    for (let bar = 0; bar < BARS; bar += 1) {
      const tall = Math.max(2 * scale, (peaks ? peaks[bar] : 0) * height * 0.94);
      pen.globalAlpha = (bar + 0.5) / BARS <= played ? 1 : 0.42;
      pen.fillRect(bar * step + step * 0.15, (height - tall) / 2, step * 0.7, tall);
    }
    if (!player.paused) soon();
  }

  function soon() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  async function load() {
    if (output.file_size_bytes > LARGEST_BYTES) return;
    const response = await fetch(output.url);
    if (!response.ok) return;
    const buffer = await decode(await response.arrayBuffer());
    peaks = peaksOf(buffer);
    canvas.dataset.drawn = "true";
    soon();
  }

  canvas.addEventListener("click", (event) => {
    if (player.duration) player.currentTime = (event.offsetX / canvas.clientWidth) * player.duration;
  });
  for (const name of ["play", "pause", "seeked", "timeupdate", "loadedmetadata"]) player.addEventListener(name, soon);
  window.addEventListener("resize", soon);
  load().catch((error) => console.info("No waveform:", error && error.message));
  soon();
  return {
    node: canvas,
    stop: () => {
      window.removeEventListener("resize", soon);
      if (frame) cancelAnimationFrame(frame);
    },
  };
}
