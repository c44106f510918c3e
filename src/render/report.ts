/** The report at the end of a campaign, and the digest before that: what was found and how sure that is, what was not, what to do next, and what it cost. */
import { worthOf } from '../campaign/evidence/ablation.ts';
import { budgetOf } from '../campaign/evidence/evidence.ts';
import { ladderOf } from '../campaign/evidence/ladder.ts';
import type { Levels } from '../campaign/evidence/result.ts';
import { stoppedTrial } from '../campaign/evidence/stopping.ts';
import { timeToQuality } from '../campaign/evidence/time-to-quality.ts';
import type { ExperimentMarker, Verdict } from '../campaign/marker.ts';
import type { Experiment, KnownCampaign, Snapshot } from '../campaign/model.ts';
import { campaignBranch } from '../campaign/own-branch.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown } from '../text/markdown.ts';
import { overfittingSentence } from './audit.ts';
import { guardList } from './guards.ts';
import { heldBackSentence, rungSentence, timeSentence } from './ladder.ts';
import { mergedTable } from './merged-table.ts';
import { whatNext } from './next-steps.ts';
import {
  formatCount,
  formatDifference,
  formatNoise,
  formatSeconds,
  formatShare,
  formatValue,
} from './number.ts';
import { type Facts, factsOf } from './report-facts.ts';
import { CHART_FILE, LOG_BRANCH, spentText } from './status.ts';

const SHOWN_MERGES = 30;
const SHOWN_NEAR_MISSES = 5;
const SHOWN_PULLS = 10;

/** The whole comment. */
export function reportComment(snapshot: Snapshot, contract: Contract, campaign: KnownCampaign): string {
  const facts = factsOf(snapshot, contract, campaign);
  return joined([
    `### ${headline(facts, '🏁')}`,
    confidence(facts),
    ladderSection(facts),
    chart(facts),
    mergesWithCost(facts),
    worthList(facts),
    nearMissList(facts),
    section('Not merged: broke a guard', guardList(facts.experiments, SHOWN_PULLS)),
    failureList(facts),
    section('What to try next', whatNext(facts)),
    `**Cost.** ${costText(facts)} The campaign ended: ${campaign.state.reason}`,
  ]);
}

/** `🏁 val_bpb 0.9979 → 0.9697 (−0.0282, 2.8% better): 9 of 125 experiments merged` */
function headline(
  { experiments, line, levels: { first, last }, contract: { metric } }: Facts,
  sign: '🏁' | '🌅',
): string {
  const count = `${line?.merged.length ?? 0} of ${formatCount(experiments.length, 'experiment')} merged`;
  if (line === null) return `${sign} No improvement: ${count}`;
  if (!first || !last) return `${sign} ${count}`;
  const change = formatDifference(last.value - first.value, first.value);
  return `${sign} ${metric.name} ${formatValue(first.value)} → ${formatValue(last.value)} (${change}${relative(first.value, last.value, metric.goal)}): ${count}`;
}

/** `, 2.8% better`; empty where a percentage says nothing. */
function relative(first: number, last: number, goal: Contract['metric']['goal']): string {
  if (first <= 0 || last <= 0) return '';
  const gain = ((goal === 'minimize' ? first - last : last - first) / first) * 100;
  return `, ${Math.abs(gain).toFixed(Math.abs(gain) < 10 ? 1 : 0)}% ${gain < 0 ? 'worse' : 'better'}`;
}

/** What a campaign has found so far, while it is still going. */
export function digestComment(snapshot: Snapshot, contract: Contract, campaign: KnownCampaign): string {
  const facts = factsOf(snapshot, contract, campaign);
  const { target, phase, reason } = campaign.state;
  const settled = facts.experiments.filter(({ marker }) => marker.verdict !== null).length;
  const now = phase === 'paused' ? `**Paused:** ${reason}` : `${settled} of ${target} experiments are done.`;
  return joined([
    `### ${headline(facts, '🌅')}`,
    now,
    confidence(facts),
    chart(facts),
    mergesWithCost(facts),
    nearMissList(facts),
    failureList(facts),
    `**Cost so far.** ${costText(facts)}`,
  ]);
}

function joined(parts: readonly string[]): string {
  return parts.filter(part => part !== '').join('\n\n');
}

function chart({ snapshot, experiments }: Facts): string {
  return `![Every experiment so far](${snapshot.url}/raw/${LOG_BRANCH}/${CHART_FILE}?experiments=${experiments.length})`;
}

function confidence(facts: Facts): string {
  const { line, levels, noise, contract } = facts;
  if (line === null) return '';
  const sentences = [
    standardError(levels, noise, contract.metric.name),
    falseMerges(line.merged),
    overfitting(facts),
    line.whole
      ? ''
      : 'Commits by people came in between, so not all of the difference is from these experiments.',
  ].filter(sentence => sentence !== '');
  return sentences.length === 0 ? '' : `**How sure.** ${sentences.join(' ')}`;
}

/** Whether the gain holds at other budgets. */
function ladderSection({ snapshot, contract, campaign }: Facts): string {
  const results = ladderOf(snapshot, contract, campaign);
  const own = budgetOf(contract, campaign);
  const held = heldBackSentence(contract, results, campaignBranch(campaign.issue));
  const time = timeToQuality(snapshot, contract, campaign);
  return section('Does the gain hold?', [
    ...(time === null ? [] : [`- ${timeSentence(time, contract.metric.name)}`]),
    ...results.map(result => `- ${rungSentence(result, own)}`),
    ...(held === '' ? [] : [`- ${held}`]),
  ]);
}

function standardError({ first, last }: Levels, noise: number | null, metric: string): string {
  if (!first || !last)
    return 'The first and the last champion were not measured under equal conditions, so they cannot be compared.';
  const counts = `${formatCount(first.trials, 'trial')} of the first champion, ${last.trials} of the last`;
  if (noise === null) return `Measured with ${counts}.`;
  const error = noise * Math.sqrt(1 / first.trials + 1 / last.trials);
  return `The difference has a standard error of ${formatNoise(error)} ${metric} (${counts}; sd of one trial ${formatNoise(noise)}). A value based on few trials tends to look slightly better than it is.`;
}

/** How many merges are expected to be luck. */
function falseMerges(merged: readonly Experiment[]): string {
  const doubts = merged.flatMap(({ marker }) =>
    marker.verdict?.cause === 'better' ? (marker.verdict.doubt ?? []) : [],
  );
  if (doubts.length === 0) return '';
  const sum = doubts.reduce((all, doubt) => all + doubt, 0);
  const expected = sum < 0.1 ? 'fewer than 0.1' : `about ${sum.toFixed(1)}`;
  return `Of ${formatCount(doubts.length, 'merge')} by the gate, ${expected} ${sum < 1.05 ? 'is' : 'are'} expected to be no real improvement.`;
}

/** Compares the gain on the two held-out texts. */
function overfitting({ snapshot, line, campaign }: Facts): string {
  const trials = [
    ...campaign.state.baselines,
    ...snapshot.experiments.flatMap(({ marker }) => marker.trials),
  ];
  const of = (tree: string | undefined) => trials.filter(trial => trial.tree === tree);
  return overfittingSentence(of(line?.first.tree), of(line?.last.tree));
}

function mergesWithCost({ line, contract: { metric } }: Facts): string {
  if (line === null) return '';
  const shown = line.merged.slice(-SHOWN_MERGES);
  const table = mergedTable(shown, metric.name, [
    { head: 'trials', cell: ({ marker }) => String(marker.trials.length + marker.earlier.trials) },
    { head: 'machine time', cell: ({ marker }) => formatSeconds(machineSeconds(marker)) },
  ]);
  const hidden = line.merged.length - shown.length;
  return hidden > 0 ? `${table}\n\n${formatCount(hidden, 'earlier merge')} not shown.` : table;
}

function machineSeconds({ trials, earlier }: ExperimentMarker): number {
  return trials.reduce((sum, trial) => sum + trial.totalSeconds, earlier.machineSeconds);
}

/** What the last champion loses without each merged idea. */
function worthList({ snapshot, contract, campaign }: Facts): string {
  const lines = worthOf(snapshot, contract, campaign).map(({ experiment, loss, error, trials }) => {
    const { pull, marker } = experiment;
    const size = formatNoise(Math.abs(loss));
    const range = `${error === null ? '' : `± ${formatNoise(error)}, `}${formatCount(trials, 'trial')}`;
    const idea = `- #${pull} ${escapeMarkdown(marker.idea.title, 80)}:`;
    if (loss > 0) return `${idea} ${size} worse without it (${range})`;
    return `${idea} **${size} better without it** (${range}). \`/research undo #${pull}\` tries to take it back.`;
  });
  return section('What each merge is still worth', lines);
}

function nearMissList({ nearMisses, contract }: Facts): string {
  const lines = nearMisses.slice(0, SHOWN_NEAR_MISSES).map(({ pull, marker }) => {
    const { value, championValue, doubt } = marker.verdict as Verdict;
    const change = formatDifference((value ?? 0) - (championValue ?? 0), championValue ?? 0);
    const chance = doubt === null ? '' : `, chance of no gain ${formatShare(doubt)}`;
    return `- #${pull} ${escapeMarkdown(marker.idea.title, 80)}: ${change} ${contract.metric.name} (${formatCount(marker.trials.length, 'trial')}${chance})`;
  });
  const more = nearMisses.length - lines.length;
  const rest = more > 0 ? [`- and ${more} more`] : [];
  return section('Near misses: better than the champion, but perhaps by chance', [...lines, ...rest]);
}

/** What crashed and why, and what got no verdict. */
function failureList({ experiments }: Facts): string {
  const crashed = experiments.filter(({ marker }) => marker.verdict?.kind === 'crash');
  const causes = Map.groupBy(crashed, experiment => crashOf(experiment)?.reason ?? 'unknown');
  const crashes = [...causes].map(([reason, those]) => {
    const last = crashOf(those.at(-1));
    const example = last ? `, last: ${escapeMarkdown(last.message, 120)}` : '';
    return `- ${reason}: ${pullList(those)}${example}`;
  });
  const others = (['flagged', 'unmeasurable', 'superseded', 'stopped'] as const).flatMap(kind => {
    const those = experiments.filter(
      ({ state, marker }) => state === 'closed' && marker.verdict?.kind === kind,
    );
    return those.length === 0 ? [] : [`- ${NO_VERDICT[kind]}: ${pullList(those)}`];
  });
  const title = crashed.length > 0 ? `Crashed: ${crashed.length}` : 'Not judged';
  return section(title, [...crashes, ...others]);
}

const NO_VERDICT = {
  flagged: 'flagged by the audit',
  unmeasurable: 'could not be measured',
  superseded: 'the champion changed first',
  stopped: 'the campaign ended first',
};

function crashOf(experiment: Experiment | undefined) {
  const outcome = experiment?.marker.trials.findLast(trial => trial.outcome.status === 'crash')?.outcome;
  return outcome?.status === 'crash' ? outcome : null;
}

function pullList(experiments: readonly Experiment[]): string {
  const shown = experiments.slice(0, SHOWN_PULLS).map(({ pull }) => `#${pull}`);
  const more = experiments.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What it cost, also for each merge, and what became of the experiments that were not merged. */
function costText({ experiments, line, spent, contract }: Facts): string {
  const merges = line?.merged.length ?? 0;
  const each =
    merges > 0
      ? ` For each merge: ${Math.round(spent.trials / merges)} trials, ${formatSeconds(spent.machineSeconds / merges)}.`
      : '';
  const stopped = experiments.filter(({ marker }) => stoppedTrial(marker.trials)).length;
  const early = stopped > 0 ? ` ${formatCount(stopped, 'idea')} stopped half-way by the learning curve.` : '';
  return `${spentText(spent, contract.limits.usd)}.${each}${early}`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `**${title}**\n\n${lines.join('\n')}`;
}
