// Which words changed between two texts (longest common subsequence of words).

import { element } from "./elements.js";

const MOST_CELLS = 6000000; // 12 MB: two texts of 8,000 characters with words of three letters

function wordsOf(text) {
  // Each with the white space behind it; a comma or a stop is a word of its own, so that "Pizza,"
  // is still "Pizza", and so is white space at the very beginning.
  return text.match(/^\s+|[^\s.,;:!?…]+\s*|[.,;:!?…]+\s*/g) || [];
}

function bare(piece) {
  return piece.trim() || piece;
}

/** How long the common subsequence is from each pair of places on, as one flat table. */
function lengths(before, after) {
  const width = after.length + 1;
  const table = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const here = i * width + j;
      table[here] = before[i] === after[j] ? table[here + width + 1] + 1 : Math.max(table[here + width], table[here + 1]);
    }
  }
  return table;
}

function add(pieces, kind, text) {
  const last = pieces[pieces.length - 1];
  if (last && last.kind === kind) last.text += text;
  else pieces.push({ kind, text });
}

/**
 * { before, after }: both texts in pieces of { kind, text }, "kept" or "removed" in the one, "kept"
 * or "added" in the other. Put together, the pieces are the texts to the letter. Texts so long that
 * the comparison would hold up the page count as changed between their common ends.
 */
export function changedWords(textBefore, textAfter) {
  const [before, after] = [wordsOf(textBefore), wordsOf(textAfter)];
  const [a, b] = [before.map(bare), after.map(bare)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [stopA, stopB] = [a.length - end, b.length - end];
  const [middleA, middleB] = [a.slice(start, stopA), b.slice(start, stopB)];
  const fits = (middleA.length + 1) * (middleB.length + 1) <= MOST_CELLS;
  const table = fits ? lengths(middleA, middleB) : null;
  const width = middleB.length + 1;

  const shown = { before: [], after: [] };
  const keep = (i, j) => {
    add(shown.before, "kept", before[i]);
    add(shown.after, "kept", after[j]);
  };
  for (let i = 0; i < start; i += 1) keep(i, i);
  let [i, j] = [0, 0];
  while (i < middleA.length || j < middleB.length) {
    if (fits && i < middleA.length && j < middleB.length && middleA[i] === middleB[j]) {
      keep(start + i, start + j);
      i += 1;
      j += 1;
    } else if (j === middleB.length || (i < middleA.length && (!fits || table[(i + 1) * width + j] >= table[i * width + j + 1]))) {
      add(shown.before, "removed", before[start + i]);
      i += 1;
    } else {
      add(shown.after, "added", after[start + j]);
      j += 1;
    }
  }
  for (let k = 0; k < end; k += 1) keep(stopA + k, stopB + k);
  return shown;
}

/** Pieces of { kind, text } as nodes: <del> for removed, <ins> for added, text for kept. */
export function markedPieces(pieces) {
  return pieces.map(({ kind, text }) => {
    if (kind === "kept") return document.createTextNode(text);
    // White space behind a word is not underlined.
    const space = text.slice(text.trimEnd().length);
    const marked = element(kind === "added" ? "ins" : "del", {}, text.trimEnd());
    const both = document.createDocumentFragment();
    both.append(marked, space);
    return both;
  });
}
