/** Past changes of single constants and their results, read from the edits in the ledger. Titles are ignored: people may change them. */
import type { Edit } from '../campaign/idea.ts';
import type { LedgerLine } from './agent.ts';
import { type Constant, parseConstants } from './constants.ts';

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
export function changeIn(edit: Edit): Pick<Move, 'path' | 'name' | 'from' | 'to'> | null {
  const before = edit.search.split(/\r?\n/);
  const after = edit.replace.split(/\r?\n/);
  if (before.length !== after.length) return null;
  const [line, another] = [...before.keys()].filter(index => before[index] !== after[index]);
  if (line === undefined || another !== undefined) return null;
  const from = constantAt(edit.path, before, line);
  const to = constantAt(edit.path, after, line);
  if (from === undefined || to === undefined || from.name !== to.name || from.value === to.value) return null;
  return { path: edit.path, name: from.name, from: from.value, to: to.value };
}

/** Whether the move changed this constant. */
export function concerns(move: Pick<Move, 'path' | 'name'>, { path, name }: Constant): boolean {
  return move.path === path && (move.name === name || name.endsWith(`.${move.name}`));
}

/** The constant in a line. It is read with the lines around it for its parent keys, or alone if those lines start inside a quoted text. */
function constantAt(path: string, lines: readonly string[], line: number): Constant | undefined {
  const around = parseConstants(path, lines.join('\n')).find(constant => constant.line === line);
  return around ?? parseConstants(path, lines[line] ?? '')[0];
}
