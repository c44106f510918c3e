/**
 * Tables of text with tabs between the columns. No cell has a line break of any kind, in a title or elsewhere, or starts with a quotation
 * mark, which many readers take for the start of a cell with tabs and line breaks in it.
 */
import { exactNumber } from '../../text/exact-number.ts';

/** A number is a score or something measured; what counts is text. A cell is empty where something is not known. */
export type Cell = string | number | null;

/** A line for each row, and one after the last. */
export function tsv(rows: readonly (readonly Cell[])[]): string {
  return `${rows.map(row => row.map(textOf).join('\t')).join('\n')}\n`;
}

function textOf(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? exactNumber(cell) : '';
  return cell.replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ').replace(/^"/, "'");
}
