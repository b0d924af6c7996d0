// Whom a work is owed to. What is stored with it is English, and stays so; the atelier's own sentence,
// which is always the same, is said here in the language of the page.

import { word } from "./words.js";

// As in devserver/my_app/services/atelier/pictograms.py.
const PICTOGRAMS = "Pictograms: OpenMoji (openmoji.org), CC BY-SA 4.0, recoloured and completed";

/** The credit of an output as it is to be read; null where there is none. */
export function creditOf(output) {
  return output.credit === PICTOGRAMS ? word("common.credit.pictograms") : output.credit || null;
}
