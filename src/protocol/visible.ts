/** What candidates, models and strangers write may hold characters that act on a reader's screen. They are removed once, where the text comes in. */

const ESC = '\u001b';
const BEL = '\u0007';
const CSI = '\u009b';
const ST = '\u009c';
/**
 * Sequences that a terminal obeys (ECMA-48): control sequences such as colours, strings such as a window's title, which end with BEL or ST,
 * and short ones. Every part excludes what ends it, so that each character is looked at once.
 */
const SEQUENCE = new RegExp(
  [
    `(?:${ESC}\\[|${CSI})[0-?]*[ -/]*[@-~]?`,
    `(?:${ESC}[P\\]X^_]|[\u0090\u0098\u009d-\u009f])[^${BEL}${ESC}${ST}\\n]*(?:${BEL}|${ESC}\\\\|${ST})?`,
    `${ESC}[ -/]*[0-~]?`,
  ].join('|'),
  'g',
);
/**
 * Other controls, marks that reorder or hide text, line separators that only some programs see, and letters that nobody sees, of which names
 * can be made. Not those that choose between a sign and its picture.
 */
const UNSEEN =
  /(?!\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{13441}\u{13442}\u{16fe4}]/gu;
/** Signs that look like a space and are none for any program: a cell of Braille and a note, both without anything in them. */
const EMPTY_SIGN = /[\u2800\u{1d159}]/gu;
/** One half of a surrogate pair. */
const HALF = /\p{Cs}/gu;
/** Characters of text files that nobody sees either. */
const LAYOUT = /[\r\f]/g;

/**
 * The text as it looks: line feeds and tabs stay, signs that look like spaces become spaces, halves of surrogate pairs U+FFFD. Never longer
 * than `text`.
 */
export function visible(text: string): string {
  return text.replace(SEQUENCE, '').replace(UNSEEN, '').replace(EMPTY_SIGN, ' ').toWellFormed();
}

/** The characters of the text that are not what they look like; line breaks, tabs and form feeds are not among them. */
export function unseen(text: string): string[] {
  const characters = text.replace(LAYOUT, '');
  return [UNSEEN, EMPTY_SIGN, HALF].flatMap(kind => characters.match(kind) ?? []);
}

/** Whether the text is what it looks like. */
export function isVisible(text: string): boolean {
  return unseen(text).length === 0;
}
