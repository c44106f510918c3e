/** What `verify` prints. */
import {
  formatCount,
  formatDifference,
  formatNoise,
  formatOdds,
  formatSeconds,
  formatValue,
} from '../../render/number.ts';
import type { Bench } from '../bench.ts';
import type { Comparison, Result } from './compare.ts';
import type { Finding, Findings } from './conclude.ts';
import type { Rounds } from './rounds.ts';

type Measured = Pick<Bench, 'contract' | 'budgetSeconds'>;

const IDEA_CHARACTERS = 40;

const RESULTS: Record<Result, string> = {
  confirmed: 'confirmed',
  refuted: 'not confirmed',
  unclear: 'unclear',
};

/** The conditions, a row for each merge, and the result in a sentence. */
export function asText(bench: Measured, { seeds, trials }: Rounds, found: Findings): string {
  const { contract, budgetSeconds } = bench;
  const { name, goal } = contract.metric;
  const all = [...trials.values()].flat();
  const distinct = (values: string[]) => [...new Set(values)].join('; ');
  const rows = found.merges.map(finding => rowOf(finding));
  const { overall } = found;
  const table = [
    ['PR', 'idea', 'parent', 'merged', 'gain', 'odds', 'result'],
    ...rows,
    ...(overall ? [['all', 'first champion → last', ...cellsOf(overall)]] : []),
  ];
  return [
    '',
    `${name} (${goal === 'minimize' ? 'lower' : 'higher'} is better) of ${formatCount(found.merges.length, 'merge')} of campaign #${found.merges[0]?.merge.campaign}, each beside its parent`,
    `trials     ${all.length} of ${formatSeconds(budgetSeconds)}, on the seeds ${seeds.join(', ')}`,
    `machine    ${distinct(all.map(({ machine }) => machine))}`,
    `sandbox    ${distinct(all.map(({ sandbox }) => sandbox))}`,
    `sd         ${found.noises.map(noise => (noise === 0 ? '0' : formatNoise(noise))).join('; ') || 'unknown'} of one trial beside another on the same seed`,
    '',
    aligned(table),
    '',
    ...details(found, seeds.length),
    summary(found),
  ].join('\n');
}

function rowOf({ merge, ...finding }: Finding): string[] {
  const idea = clip(`${merge.idea}${merge.simpler ? ' (for shorter code)' : ''}`);
  const cells =
    finding.kind === 'compared' ? cellsOf(finding.comparison) : ['–', '–', '–', '–', 'not measured'];
  return [`#${merge.pull}`, idea, ...cells];
}

function cellsOf({ parent, merged, gain, error, probability, result }: Comparison): string[] {
  const own = error / Math.SQRT2;
  const within = (text: string, of: number) => `${text} ± ${formatNoise(of)}`;
  return [
    within(formatValue(parent), own),
    within(formatValue(merged), own),
    within(formatDifference(gain, parent), error),
    formatOdds(probability),
    RESULTS[result],
  ];
}

/** Columns padded to the same width. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map(row => [...(row[i] ?? '')].length))) ?? [];
  const padded = (cell: string, i: number) => cell + ' '.repeat((widths[i] ?? 0) - [...cell].length);
  return rows.map(row => row.map(padded).join('  ').trimEnd()).join('\n');
}

/** What a row has no room for. */
function details({ merges }: Findings, seeds: number): string[] {
  const lines = merges.flatMap(({ merge, ...finding }) => {
    if (finding.kind === 'unmeasured') return [`#${merge.pull} could not be measured: ${finding.reason}.`];
    const { seedsToTell: needed } = finding;
    return needed === null || needed <= seeds
      ? []
      : [
          `#${merge.pull} takes about ${needed} seeds to tell, if it is as good as it looks: --pull ${merge.pull} --seeds ${needed}`,
        ];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

function summary({ count, merges }: Findings): string {
  const parts = [
    `${count.confirmed} confirmed`,
    `${count.refuted} not confirmed`,
    `${count.unclear} unclear`,
    ...(count.unmeasured > 0 ? [`${count.unmeasured} not measured`] : []),
  ];
  return `Result: of ${formatCount(merges.length, 'merge')}, ${parts.join(', ')}. Odds are those of a real gain (at least a fifth of the sd), from these trials alone: confirmed from 19 to 1 for it, not confirmed from 19 to 1 against it.`;
}

/** Everything, for programs. Differences are positive where the merge is better. */
export function asJson(
  { contract, budgetSeconds }: Measured,
  { seeds, trials }: Rounds,
  found: Findings,
): string {
  return JSON.stringify(
    {
      campaign: found.merges[0]?.merge.campaign,
      metric: contract.metric.name,
      goal: contract.metric.goal,
      budgetSeconds,
      seeds,
      noises: found.noises,
      merges: found.merges.map(({ merge, ...finding }) => ({
        pull: merge.pull,
        idea: merge.idea,
        simpler: merge.simpler,
        commit: merge.commit,
        parent: merge.parent,
        ...(finding.kind === 'compared'
          ? finding.comparison
          : { result: 'unmeasured', reason: finding.reason }),
      })),
      overall: found.overall,
      trials: [...trials].flatMap(([commit, own]) =>
        own.map(({ seed, outcome, machine, digest, sandbox, totalSeconds }) => ({
          commit,
          seed,
          outcome,
          machine,
          digest,
          sandbox,
          totalSeconds,
        })),
      ),
    },
    null,
    2,
  );
}

function clip(text: string): string {
  const characters = [...text];
  return characters.length <= IDEA_CHARACTERS
    ? text
    : `${characters
        .slice(0, IDEA_CHARACTERS - 1)
        .join('')
        .trimEnd()}…`;
}
