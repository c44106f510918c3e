/** Past changes of single constants and their results, read from the edits in the ledger. Titles are ignored: people may change them. */
import type { Edit } from '../campaign/idea.ts';
import type { LedgerLine } from './agent.ts';
import { type ChangedConstant, type Constant, changedConstants } from './constants.ts';

/** An experiment that changed a single constant. */
export interface Move {
  number: number;
  status: LedgerLine['status'];
  path: string;
  /** The constant's name as far as the edit shows it: `lr`, or `optimizer.lr` if the edit includes the line above. */
  name: string;
  from: number;
  to: number;
}

/** Moves in the order of their experiments, regardless of who proposed them. */
export function pastMoves(ledger: readonly LedgerLine[]): Move[] {
  const moves: Move[] = [];
  for (const { number, status, edits } of [...ledger].sort((a, b) => a.number - b.number)) {
    const [edit] = edits;
    const change = edits.length === 1 && edit !== undefined ? changeIn(edit) : null;
    if (change !== null) moves.push({ number, status, ...change });
  }
  return moves;
}

/** The constant that `edit` changes; null if it changes anything else. */
export function changeIn({
  path,
  search,
  replace,
}: Edit): Pick<Move, 'path' | 'name' | 'from' | 'to'> | null {
  const [change, another] =
    changedConstants(path, search, replace) ??
    changedConstants(path, inside(search), inside(replace)) ??
    changedLine(path, search, replace) ??
    [];
  if (change === undefined || another !== undefined) return null;
  const { from, to } = change;
  if (from.value === to.value) return null;
  return { path, name: from.name.replace(INSIDE, ''), from: from.value, to: to.value };
}

/** An entry of a dictionary whose first line the edit does not show. */
function inside(lines: string): string {
  return `INSIDE = {\n${lines}\n}`;
}
const INSIDE = /^INSIDE\./;

/** The change of a single line, if the lines before it cannot be read, for example because they start inside a text. */
function changedLine(path: string, search: string, replace: string): ChangedConstant[] | null {
  const [before, after] = [search.split(/\r?\n/), replace.split(/\r?\n/)];
  const [line, another] = [...before.keys()].filter(index => before[index] !== after[index]);
  if (before.length !== after.length || line === undefined || another !== undefined) return null;
  return changedConstants(path, before[line] ?? '', after[line] ?? '');
}

/** Whether the move changed this constant. */
export function concerns(move: Pick<Move, 'path' | 'name'>, { path, name }: Constant): boolean {
  return move.path === path && (move.name === name || name.endsWith(`.${move.name}`));
}
