/** The promotion pull request: the result first, then the evidence, then how to accept or reject it. */
import { markdownTable } from 'markdown-table';
import type { CampaignState } from '../campaign/marker.ts';
import { campaignBranch } from '../campaign/own-branch.ts';
import type { Evidence } from '../campaign/plan/promotion.ts';
import { hasEnded } from '../campaign/queries.ts';
import type { Contract } from '../protocol/contract.ts';
import { rungSentence } from './ladder.ts';
import { mergedTable } from './merged-table.ts';
import { formatCount, formatDifference, formatNoise, formatValue } from './number.ts';
import { spentText } from './status.ts';

export interface PromotionPlace {
  campaign: number;
  state: CampaignState;
  contract: Contract;
  /** The default branch as it is now. */
  home: { branch: string; sha: string };
  /** Whether it merges cleanly into the default branch as it is now; null if that has not been checked. */
  fits: boolean | null;
  /** Address of the chart of all experiments. */
  chart: string;
}

/** `Campaign #3: val_bpb 0.9999 → 0.9771, 2 experiments merged` */
export function promotionTitle({ first, last, merged }: Evidence, campaign: number, metric: string): string {
  const change = first && last ? `${metric} ${formatValue(first.value)} → ${formatValue(last.value)}, ` : '';
  return `Campaign #${campaign}: ${change}${formatCount(merged.length, 'experiment')} merged`;
}

/** The visible part of the description. */
export function promotionText(evidence: Evidence, place: PromotionPlace): string {
  const parts = [
    headline(evidence, place),
    stillRunning(place),
    manualChanges(evidence, place),
    behind(place),
    levels(evidence, place.contract.metric.name),
    ladder(evidence, place),
    mergedTable(evidence.merged, place.contract.metric.name),
    // While a campaign is running, its spending changes by the minute.
    hasEnded(place.state) ? rest(evidence, place.contract.limits.usd) : '',
    `![Every experiment so far](${place.chart})`,
    nextSteps(place),
  ];
  return parts.filter(part => part !== '').join('\n\n');
}

function headline(
  { first, last, merged }: Evidence,
  { campaign, contract: { metric } }: PromotionPlace,
): string {
  const count = `${formatCount(merged.length, 'merged experiment')} of campaign #${campaign}`;
  if (!last) return `**${count}.** The tip of the branch has not been measured.`;
  const now = `${metric.name} ${formatValue(last.value)}`;
  if (!first) return `**${now}** after ${count}.`;
  const change = formatDifference(last.value - first.value, first.value);
  return `**${metric.name} ${formatValue(first.value)} → ${formatValue(last.value)}** (${change}, ${metric.goal === 'minimize' ? 'lower' : 'higher'} is better): ${count}.`;
}

function stillRunning({ state, campaign }: PromotionPlace): string {
  if (hasEnded(state)) return '';
  return `⏳ Campaign #${campaign} is still running. Further merges are added here, and the numbers are final once it ends.`;
}

function manualChanges(evidence: Evidence, { campaign }: PromotionPlace): string {
  if (!evidence.byHand) return '';
  return `⚠️ \`${campaignBranch(campaign)}\` was also changed by hand, so it may contain more or less than these experiments. Check the list of commits.`;
}

function behind({ state, home, fits, campaign }: PromotionPlace): string {
  const start = state.base?.start.sha ?? '';
  if (start === home.sha) return '';
  const moved = `\`${home.branch}\` moved from ${start.slice(0, 7)} to ${home.sha.slice(0, 7)} since the campaign began. This branch does not contain those commits, so the combination has never been measured.`;
  if (fits !== false) return moved;
  return `⚠️ ${moved} The two branches conflict: merge \`${home.branch}\` into \`${campaignBranch(campaign)}\` by hand first.`;
}

function levels({ first, last, noise }: Evidence, metric: string): string {
  const rows = [
    ['campaign start', first],
    ['this branch', last],
  ] as const;
  const lines = rows.map(([what, level]) =>
    level
      ? [what, level.sha.slice(0, 7), formatValue(level.value), String(level.trials)]
      : [what, '–', '–', '0'],
  );
  const table = markdownTable([['', 'commit', metric, 'trials'], ...lines], { align: ['l', 'l', 'r', 'r'] });
  if (noise === null) return table;
  return `${table}\n\nTrials of the same code vary with a standard deviation of about ${formatNoise(noise)} ${metric}. A value based on few trials tends to look slightly better than it is.`;
}

/** Whether the gain holds at other budgets, which is measured when the campaign ends. */
function ladder({ ladder: results }: Evidence, { contract, state }: PromotionPlace): string {
  if (results.length === 0 || !hasEnded(state)) return '';
  const own = state.budgetSeconds ?? contract.trial.budget;
  return `Measured once more on new seeds:\n\n${results.map(result => `- ${rungSentence(result, own)}`).join('\n')}`;
}

function rest({ failed, crashed, spending }: Evidence, usd: number | null): string {
  const others =
    failed === 0
      ? 'Every experiment was merged.'
      : `${formatCount(failed, 'experiment')} not merged${crashed > 0 ? ` (${crashed} crashed)` : ''}.`;
  return `${others} Total spent: ${spentText(spending, usd)}.`;
}

function nextSteps({ home, campaign }: PromotionPlace): string {
  return `**To accept**, merge this pull request. A merge commit keeps one commit with its trailers per experiment; squashing works too. **To reject**, close it; the experiments' pull requests keep their results. The bot never changes \`${home.branch}\` itself. Campaign: #${campaign}.`;
}
