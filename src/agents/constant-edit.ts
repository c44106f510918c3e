/** The edit that changes one constant's value. */
import type { Edit } from '../campaign/idea.ts';
import { type Constant, parseConstants, withValue } from './constants.ts';
import { changeIn, concerns } from './past.ts';
import { isWholeLines, occurrences } from './places.ts';

/** How many neighbouring lines an edit may include to be unique. */
const CONTEXT_LINES = 20;

/** An edit of the constant's line, with enough neighbouring lines to be unique in the file and recognisable in the ledger. */
export function editOf(constant: Constant, written: string, text: string): Edit | null {
  const lines = text.split(/\r?\n/);
  const changed = withValue(constant, lines.join('\n'), written).split('\n');
  const namesakes = parseConstants(constant.path, text);
  let unique: Edit | null = null;
  for (let context = 0; context <= 2 * CONTEXT_LINES; context++) {
    const first = Math.max(0, constant.line - Math.min(context, CONTEXT_LINES));
    const end = constant.line + 1 + Math.max(0, context - Math.min(constant.line, CONTEXT_LINES));
    const search = lines.slice(first, end).join('\n');
    if (occurrences(text, search).filter(place => isWholeLines(text, place)).length !== 1) continue;
    const edit = { path: constant.path, search, replace: changed.slice(first, end).join('\n') };
    unique ??= edit;
    const change = changeIn(edit);
    if (change !== null && namesakes.filter(other => concerns(change, other)).length === 1) return edit;
  }
  return unique;
}
