/** What the promotion pull request says: the result first, then what it rests on, then how to take it. */
import { markdownTable } from 'markdown-table';
import type { CampaignState, ExperimentMarker } from '../campaign/marker.ts';
import type { Experiment } from '../campaign/model.ts';
import { campaignBranch } from '../campaign/own-branch.ts';
import { keptBy } from '../campaign/people.ts';
import type { Evidence } from '../campaign/plan/promotion.ts';
import { hasEnded } from '../campaign/queries.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown } from '../text/markdown.ts';
import { formatDifference, formatNoise, formatShare, formatValue } from './number.ts';
import { spentText } from './status.ts';

export interface PromotionPlace {
  campaign: number;
  state: CampaignState;
  metric: Contract['metric'];
  /** The contract's limit in dollars. */
  usd: number | null;
  /** The default branch as it is now. */
  home: { branch: string; sha: string };
  /** Whether it can be merged into what the default branch is now; null where that was not asked. */
  fits: boolean | null;
  /** Address of the picture of all experiments. */
  chart: string;
}

/** `Campaign #3: val_bpb 0.9999 → 0.9771, 2 experiments merged` */
export function promotionTitle({ first, last, merged }: Evidence, campaign: number, metric: string): string {
  const change = first && last ? `${metric} ${formatValue(first.value)} → ${formatValue(last.value)}, ` : '';
  return `Campaign #${campaign}: ${change}${merged.length} ${merged.length === 1 ? 'experiment' : 'experiments'} merged`;
}

/** The visible part of the description. */
export function promotionText(evidence: Evidence, place: PromotionPlace): string {
  const parts = [
    headline(evidence, place),
    goesOn(place),
    byHand(evidence, place),
    behind(place),
    levels(evidence, place.metric.name),
    mergedTable(evidence.merged, place.metric.name),
    // What a campaign at work spends changes by the minute.
    hasEnded(place.state) ? rest(evidence, place.usd) : '',
    `![Every experiment so far](${place.chart})`,
    howToTake(place),
  ];
  return parts.filter(part => part !== '').join('\n\n');
}

function headline({ first, last, merged }: Evidence, { campaign, metric }: PromotionPlace): string {
  const count = `${merged.length} merged ${merged.length === 1 ? 'experiment' : 'experiments'} of campaign #${campaign}`;
  if (!last) return `**${count}.** The tip of the branch was not measured.`;
  const now = `${metric.name} ${formatValue(last.value)}`;
  if (!first) return `**${now}** after ${count}.`;
  const change = formatDifference(last.value - first.value, first.value);
  return `**${metric.name} ${formatValue(first.value)} → ${formatValue(last.value)}** (${change}; ${metric.goal === 'minimize' ? 'lower' : 'higher'} is better) by ${count}.`;
}

function goesOn({ state, campaign }: PromotionPlace): string {
  if (hasEnded(state)) return '';
  return `⏳ Campaign #${campaign} goes on: what is merged meanwhile is added here, and the last numbers come at its end.`;
}

function byHand(evidence: Evidence, { campaign }: PromotionPlace): string {
  if (!evidence.byHand) return '';
  return `⚠️ People moved \`${campaignBranch(campaign)}\` too, so it may hold more than these experiments, or less. The list of commits says what.`;
}

function behind({ state, home, fits, campaign }: PromotionPlace): string {
  const start = state.base?.start.sha ?? '';
  if (start === home.sha) return '';
  const moved = `\`${home.branch}\` was at ${start.slice(0, 7)} when the campaign began and is at ${home.sha.slice(0, 7)} now; what came in between was not merged in, so the two together were never measured.`;
  if (fits !== false) return moved;
  return `⚠️ ${moved} They are in conflict: merge \`${home.branch}\` into \`${campaignBranch(campaign)}\` by hand first.`;
}

function levels({ first, last, noise }: Evidence, metric: string): string {
  const rows = [
    ['where it began', first],
    ['what this brings', last],
  ] as const;
  const lines = rows.map(([what, level]) =>
    level
      ? [what, level.sha.slice(0, 7), formatValue(level.value), String(level.trials)]
      : [what, '–', '–', '0'],
  );
  const table = markdownTable([['', 'commit', metric, 'trials'], ...lines], { align: ['l', 'l', 'r', 'r'] });
  if (noise === null) return table;
  return `${table}\n\nOne trial of the same code scatters by about ${formatNoise(noise)} (standard deviation). A last value that rests on few trials is on average a little too good.`;
}

/** Where a person's word stood in for the gate's. */
function whoDecided(marker: ExperimentMarker): string | null {
  if (marker.verdict?.kind === 'person') return 'merged by a person';
  const keeper = keptBy(marker);
  return keeper === null ? null : `kept by ${escapeMarkdown(keeper)}`;
}

function mergedTable(merged: readonly Experiment[], metric: string): string {
  const rows = merged.map(({ pull, marker }) => {
    const { value, championValue, doubt } = marker.verdict ?? NO_VERDICT;
    return [
      `#${pull}`,
      escapeMarkdown(marker.idea.title, 80),
      value === null ? '–' : formatValue(value),
      value === null || championValue === null ? '–' : formatDifference(value - championValue, championValue),
      whoDecided(marker) ?? (doubt === null ? '–' : formatShare(doubt)),
    ];
  });
  return markdownTable([['', 'experiment', metric, 'gain', 'doubt'], ...rows], {
    align: ['r', 'l', 'r', 'r', 'r'],
  });
}

const NO_VERDICT = { value: null, championValue: null, doubt: null, kind: null };

function rest({ failed, crashed, spending }: Evidence, usd: number | null): string {
  const others =
    failed === 0
      ? 'No experiment failed.'
      : `${failed} ${failed === 1 ? 'experiment was' : 'experiments were'} not merged${crashed > 0 ? `, ${crashed} of them crashed` : ''}.`;
  return `${others} Spent in all: ${spentText(spending, usd)}.`;
}

function howToTake({ home, campaign }: PromotionPlace): string {
  return `**To take it**, merge this pull request: by a merge commit, which keeps one commit and its trailers for every experiment, or by squashing. The bot never merges it. **To leave it**, close it; the experiments' pull requests keep what was learned. Either way \`${home.branch}\` moves by your hand alone. Campaign: #${campaign}.`;
}
