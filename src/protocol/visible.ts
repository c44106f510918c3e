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
const UNSEEN = /(?!\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** Characters of text files that nobody sees either. */
const LAYOUT = /[\r\f]/g;

/** The text as it looks: line feeds and tabs stay, halves of surrogate pairs become U+FFFD. Never longer than `text`. */
export function visible(text: string): string {
  return text.replace(SEQUENCE, '').replace(UNSEEN, '').toWellFormed();
}

/** Whether every character of the text can be seen, or is a line break, a tab or a form feed. */
export function isVisible(text: string): boolean {
  return text.isWellFormed() && text.replace(LAYOUT, '').search(UNSEEN) === -1;
}
