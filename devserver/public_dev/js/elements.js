// Makes elements without ever reading text as HTML.

const isThere = (child) => child !== null && child !== undefined && child !== false && child !== "";

/**
 * A new element: `element("button", { type: "button", class: "primary" }, "Los!")`.
 * Attributes that are null, undefined or false are left out; functions under `on<Event>` listen.
 * Children that are not there (null, false, an empty text) are left out.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2).toLowerCase(), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter(isThere));
  return made;
}

/** Put `children` in the place of all that `parent` holds. Safari has replaceChildren since 14.1. */
export function refill(parent, ...children) {
  while (parent.firstChild) parent.removeChild(parent.firstChild);
  parent.append(...children.filter(isThere));
}
