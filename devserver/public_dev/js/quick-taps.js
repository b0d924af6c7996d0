// A second quick tap in the same place means nothing more, also when something else lies there by
// then: what the first one began has moved the page.

const QUICK_MILLISECONDS = 700;
const NEAR_PIXELS = 30;

/** Have second quick taps on buttons and links ignored, everywhere on the page. */
export function ignoreSecondTaps() {
  let first = null;
  document.addEventListener(
    "click",
    (event) => {
      // Keys and labels click without a place, or on fields.
      if (!event.detail || !event.target.closest("button, a")) return;
      const isSecond = first && event.timeStamp - first.time < QUICK_MILLISECONDS && Math.hypot(event.clientX - first.x, event.clientY - first.y) < NEAR_PIXELS;
      if (isSecond) {
        event.preventDefault();
        event.stopPropagation();
      }
      first = { time: event.timeStamp, x: event.clientX, y: event.clientY };
    },
    true,
  );
}
