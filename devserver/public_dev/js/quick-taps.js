// A second quick tap means nothing more. What the first one began has moved the page, so something
// else may lie under the finger by then.

const QUICK_MILLISECONDS = 700;
const NEAR_PIXELS = 30;

let last = null; // where and when was tapped
let begun = null; // the tap that began something

/** From now on for a moment, taps in the place of the last one are ignored. */
export function ignoreSecondTap() {
  begun = last;
}

/** Watch the taps on the page; once, at the start. */
export function watchTaps() {
  document.addEventListener(
    "click",
    (event) => {
      if (!event.detail) return; // by key or by a program: in no place
      const tap = { time: event.timeStamp, x: event.clientX, y: event.clientY };
      const isSecond = begun && tap.time - begun.time < QUICK_MILLISECONDS && Math.hypot(tap.x - begun.x, tap.y - begun.y) < NEAR_PIXELS;
      if (isSecond) {
        event.preventDefault();
        event.stopPropagation();
      } else {
        last = tap;
        begun = null;
      }
    },
    true,
  );
}
