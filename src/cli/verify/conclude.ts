/** What fresh trials say about each merge. */
import type { Measurement } from '../../protocol/measurement.ts';
import { withoutNumber } from '../bench.ts';
import { type Comparison, compare, noiseAmong, type Result, type Scores, seedsToTell } from './compare.ts';
import type { Merge } from './merges.ts';
import type { Rounds } from './rounds.ts';

export type Finding = { merge: Merge } & (
  | { kind: 'compared'; comparison: Comparison; seedsToTell: number | null }
  /** It could not be compared. */
  | { kind: 'unmeasured'; reason: string }
);

export interface Findings {
  merges: readonly Finding[];
  /** The first champion and the last, if that is not a single merge and the two can be compared. */
  overall: Comparison | null;
  /** Standard deviation of one trial under each of the conditions that occurred; more than one only if these changed. */
  noises: readonly number[];
  count: Record<Result | 'unmeasured', number>;
}

/** Compares what ran on all seeds under equal conditions. */
export function conclude(
  merges: readonly Merge[],
  { seeds, trials }: Rounds,
  goal: Scores['goal'],
): Findings {
  const tables = tablesOf(seeds.length, trials, goal);
  const tableOf = (a: string, b: string) => tables.find(({ trees }) => trees.has(a) && trees.has(b));
  const found = merges.map((merge): Finding => {
    const { parent, commit, simpler } = merge;
    const table = tableOf(parent, commit);
    if (!table) return { merge, kind: 'unmeasured', reason: whyNot(trials, parent, commit) };
    const comparison = compare(table, parent, commit, simpler);
    const unclear = comparison.result === 'unclear';
    return {
      merge,
      kind: 'compared',
      comparison,
      seedsToTell: unclear ? seedsToTell(comparison, seeds.length, simpler) : null,
    };
  });
  const [first, last] = [merges[0]?.parent ?? '', merges.at(-1)?.commit ?? ''];
  const table = merges.length > 1 ? tableOf(first, last) : undefined;
  const results = found.map(each => (each.kind === 'compared' ? each.comparison.result : each.kind));
  const count = (wanted: (typeof results)[number]) => results.filter(result => result === wanted).length;
  return {
    merges: found,
    overall: table ? compare(table, first, last, false) : null,
    noises: tables.filter(({ trees }) => trees.size > 1).map(each => noiseAmong(each).noise),
    count: {
      confirmed: count('confirmed'),
      refuted: count('refuted'),
      unclear: count('unclear'),
      unmeasured: count('unmeasured'),
    },
  };
}

/** The commits that were measured on all seeds, by conditions. */
function tablesOf(seeds: number, trials: Rounds['trials'], goal: Scores['goal']): Scores[] {
  const complete = [...trials].flatMap(([commit, own]) => {
    const values = own.flatMap(({ outcome }) => (outcome.status === 'measured' ? [outcome.value] : []));
    const conditions = new Set(own.map(conditionsOf));
    return values.length === seeds && conditions.size === 1
      ? [{ commit, values, conditions: [...conditions].join() }]
      : [];
  });
  return [...Map.groupBy(complete, ({ conditions }) => conditions).values()].map(rows => ({
    goal,
    trees: new Map(rows.map(({ commit, values }) => [commit, values])),
  }));
}

function conditionsOf({ machine, digest }: Measurement): string {
  return JSON.stringify([machine, digest]);
}

function whyNot(trials: Rounds['trials'], parent: string, commit: string): string {
  for (const [name, sha] of [
    ['the merge', commit],
    ['its parent', parent],
  ] as const)
    for (const { outcome, seed } of trials.get(sha) ?? [])
      if (outcome.status !== 'measured') return `${name}, seed ${seed}: ${withoutNumber(outcome)}`;
  return 'the two ran under different conditions: the contract, the referee, the data or the machine changed';
}
