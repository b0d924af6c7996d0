// The bars that stay at an edge of the screen while the page scrolls by. One that large letters made
// so tall that it would hide what one came for lies in the page like everything else.

const MOST_OF_THE_SCREEN = 1 / 3;
const ROOM = 16;

/**
 * Let the elements `top` and `bottom` (a list, of which one is shown at a time) stick to their edges
 * while there is room, and what is scrolled to or gets the focus lie between them.
 */
export function stickyBars(top, bottom) {
  const root = document.documentElement;
  let above = 0;

  function measure() {
    const before = above;
    above = settle(top);
    const below = Math.max(...bottom.map(settle));
    root.style.scrollPaddingTop = `${above + ROOM}px`;
    root.style.scrollPaddingBottom = `${below + ROOM}px`;
    if (above > before) uncover();
  }

  /** What has the focus is not left beneath a bar that comes up. */
  function uncover() {
    if (document.activeElement === document.body) return;
    const place = document.activeElement.getBoundingClientRect();
    if (place.bottom > 0 && place.top < above) scrollBy(0, place.top - above - ROOM);
  }

  /** How much of the screen `bar` takes. */
  function settle(bar) {
    const { height } = bar.getBoundingClientRect();
    bar.classList.toggle("too-tall", height > innerHeight * MOST_OF_THE_SCREEN);
    return getComputedStyle(bar).position === "static" ? 0 : height;
  }

  const watcher = new ResizeObserver(measure);
  for (const bar of [top, ...bottom]) watcher.observe(bar);
  addEventListener("resize", measure);
}
