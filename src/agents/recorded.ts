/**
 * An idea as it is recorded: what an agent says it changes is taken from what it really changed. Titles, ledger, diffs and later rebuilds all
 * follow from this.
 */
import type { Edit, Idea } from '../campaign/idea.ts';
import { tidyTitle } from './answer.ts';
import { changedConstants } from './constants.ts';
import { applyEdits, type Matching } from './edit.ts';

export type Recorded =
  /** `files` holds the new text of every changed file. */
  { kind: 'applied'; idea: Idea; files: Map<string, string> } | { kind: 'refused'; reason: string };

/** Applies an idea to the champion's `files`. Its edits become the lines that they replaced, its title what they changed. */
export function recorded(
  files: ReadonlyMap<string, string>,
  { title, hypothesis, edits }: Idea,
  editable: readonly string[],
  matching: Matching = 'tokens',
): Recorded {
  const applied = applyEdits(files, edits, editable, matching);
  if (applied.kind === 'refused') return applied;
  const happened = titleOf(title, applied.edits, files, applied.files);
  return {
    kind: 'applied',
    idea: { title: happened, hypothesis, edits: applied.edits },
    files: applied.files,
  };
}

/** The constants that changed; else the agent's own words, unless the numbers in them are not those of the change. */
function titleOf(
  said: string,
  edits: readonly Edit[],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string {
  const changes: string[] = [];
  for (const [path, text] of after) {
    const constants = changedConstants(path, before.get(path) ?? '', text);
    if (constants === null) return isTrue(said, edits) ? said : firstChange(edits);
    changes.push(...constants.map(({ from, to }) => `${from.name} ${from.written} → ${to.written}`));
  }
  for (let shown = changes.length; shown > 1; shown--) {
    const rest = changes.length - shown;
    const title = changes.slice(0, shown).join(', ') + (rest === 0 ? '' : ` and ${rest} more`);
    if (title.length <= 80) return title;
  }
  const [first = said, ...others] = changes;
  return tidyTitle(others.length === 0 ? first : `${first.slice(0, 65)} and ${others.length} more`);
}

const NUMBER = String.raw`[-−]?\d[\d_,]*(?:\.\d+)?(?:[eE][+-]?\d+)?`;
const CLAIM = new RegExp(String.raw`(${NUMBER})\s*(?:→|->|=>|to)\s*(${NUMBER})`, 'g');

/** Whether every `2 → 3` in a title is a change from a line with a 2 to a line with a 3. */
function isTrue(title: string, edits: readonly Edit[]): boolean {
  const gone = new Set(edits.flatMap(({ search, replace }) => numbersBut(search, replace)));
  const come = new Set(edits.flatMap(({ search, replace }) => numbersBut(replace, search)));
  return [...title.matchAll(CLAIM)].every(
    ([, from = '', to = '']) => gone.has(magnitude(from)) && come.has(magnitude(to)),
  );
}

/** The numbers in the lines of `text` that `other` does not have. */
function numbersBut(text: string, other: string): number[] {
  const common = new Set(other.split('\n'));
  const lines = text.split('\n').filter(line => !common.has(line));
  return lines.flatMap(line =>
    [...line.matchAll(new RegExp(NUMBER, 'g'))].map(([found]) => magnitude(found)),
  );
}

/** Without the sign, which a difference has too. */
function magnitude(written: string): number {
  return Math.abs(Number(written.replace('−', '-').replaceAll(/[_,]/g, '')));
}

/** `train.py: x = f(2) → x = f(3)` */
function firstChange(edits: readonly Edit[]): string {
  const [edit] = edits;
  if (edit === undefined) return '';
  const [before, after] = [edit.search.split('\n'), edit.replace.split('\n')];
  const gone = before.find(line => !after.includes(line))?.trim() ?? 'nothing';
  const come = after.find(line => !before.includes(line))?.trim() ?? 'nothing';
  return tidyTitle(`${edit.path}: ${gone} → ${come}`);
}
