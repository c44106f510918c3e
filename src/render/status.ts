/** The campaign's status comment. Derived from the snapshot alone, so that nothing new leaves it unchanged. */
import { markdownTable } from 'markdown-table';
import { budgetOf, championValues, trialsOfTree } from '../campaign/evidence/evidence.ts';
import { type LedgerRow, ledgerRows, type Spending, spending } from '../campaign/evidence/ledger.ts';
import type { CampaignState } from '../campaign/marker.ts';
import type { Campaign, Snapshot } from '../campaign/model.ts';
import { campaignBranch, seenBy } from '../campaign/own-branch.ts';
import { isWaiting, stillAsked, waitsForPeople } from '../campaign/people.ts';
import { deadlineOf, inDollars } from '../campaign/plan/campaign-limits.ts';
import { promotionsOf } from '../campaign/plan/promotion.ts';
import { currentCampaign, experimentsOf, hasEnded, openExperiments } from '../campaign/queries.ts';
import { mean } from '../gate/mean.ts';
import { escapeMarkdown, quote } from '../text/markdown.ts';
import { NO_SANDBOX, overfittingSentence, ranBare, testSentence } from './audit.ts';
import { formatDifference, formatGuess, formatSeconds, formatValue } from './number.ts';

const SHOWN_ROWS = 30;

/** The visible part of the status comment. */
export function statusComment(seen: Snapshot, campaign: Campaign, state: CampaignState): string {
  const snapshot = seenBy(seen, campaign);
  const metric =
    snapshot.contract.kind === 'contract'
      ? snapshot.contract.contract.metric
      : { name: 'metric', goal: 'minimize' };
  const experiments = experimentsOf(snapshot, campaign);
  const rows = ledgerRows(experiments);
  const settled = rows.filter(row => row.status !== 'running');
  const parts = [
    `### ${PHASES[state.phase]} ${settled.length} of ${state.target} experiments`,
    summaryLine(snapshot, campaign, state, metric.name, rows),
  ];
  if (state.reason !== '')
    parts.push(`**${state.phase === 'paused' ? 'Paused' : 'Ended'}:** ${state.reason}`);
  const people = peopleLine(snapshot, campaign, state);
  if (people !== '') parts.push(people);
  const apart = apartLine(snapshot, campaign, state);
  if (apart !== '') parts.push(apart);
  const honesty = honestyLine(snapshot, state);
  if (honesty !== '') parts.push(honesty);
  if (rows.length > 0) parts.push(table(rows, metric.name));
  const limits = snapshot.contract.kind === 'contract' ? snapshot.contract.contract.limits : NO_LIMITS;
  parts.push(
    `<sub>Spent: ${spentText(spending(campaign, experiments), limits.usd)}.${timeText(limits, state)} ` +
      `Started by ${escapeMarkdown(state.startedBy)}${state.topic === '' ? '' : ` to look into: ${escapeMarkdown(state.topic)}`}. ` +
      'Every experiment is a pull request with the label `research`; `results.tsv` and `progress.svg` are on the branch `research-log`. ' +
      'Commands: `/research help`.</sub>',
  );
  return parts.join('\n\n');
}

const NO_LIMITS = { usd: null, hours: null };

/** What a campaign has spent, in words, against what it may spend. */
export function spentText({ trials, machineSeconds, cost }: Spending, limit: number | null): string {
  const tokens = cost.inputTokens + cost.outputTokens;
  const used =
    cost.usd === null ? 'price unknown' : cost.usd > 0 || limit !== null ? inDollars(cost.usd) : '';
  const money = used === '' ? '' : `, ${used}${limit === null ? '' : ` of ${inDollars(limit)}`}`;
  return `${trials} trials, ${formatSeconds(machineSeconds)} of machine time, ${tokens} tokens${money}`;
}

/** When the time is over of a campaign that still has any. */
function timeText(limits: { hours: number | null }, { phase, startedAt }: CampaignState): string {
  const deadline = deadlineOf(limits, startedAt);
  if (deadline === null || phase === 'finished' || phase === 'stopped') return '';
  return ` Nothing new is begun after ${deadline.toISOString().slice(0, 16).replace('T', ' ')} UTC.`;
}

const PHASES: Record<CampaignState['phase'], string> = {
  running: '🔬 Running:',
  paused: '⏸ Paused:',
  stopped: '⏹ Stopped:',
  finished: '🏁 Finished:',
};

function summaryLine(
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
  metric: string,
  rows: readonly LedgerRow[],
): string {
  const current = currentCampaign(snapshot);
  const waiting = state.phase === 'running' && current !== null && current.issue !== campaign.issue;
  if (waiting)
    return `Waits for campaign #${current.issue}: one campaign at a time is at work in a repository.`;
  const { contract } = snapshot;
  const now =
    contract.kind === 'contract' ? championValues(snapshot, budgetOf(contract.contract, campaign)) : [];
  const sha = snapshot.base.sha.slice(0, 7);
  if (now.length === 0 && state.phase === 'running' && state.baselines.length > 0)
    return `\`${snapshot.base.branch}\` moved to ${sha}, which nobody has measured. Measuring it before anything else is judged.`;
  if (now.length === 0)
    return state.phase === 'running'
      ? `Measuring the champion ${sha} first.`
      : `The champion ${sha} was not measured.`;
  const merged = rows.filter(row => row.status === 'keep');
  const start = merged.find(row => row.championValue !== null)?.championValue ?? null;
  const simpler = merged.filter(row => row.simpler).length;
  const apart = simpler === 0 ? '' : `, ${simpler} of them for shorter code`;
  const change =
    start === null
      ? 'no improvement yet'
      : `${formatDifference(mean(now) - start, start)} since the start, ${merged.length} merged${apart}`;
  return `Champion ${sha}: ${metric} **${formatValue(mean(now))}** (${change}).`;
}

/** What waits for people, and what they asked for that has not begun. */
function peopleLine(snapshot: Snapshot, campaign: Campaign, state: CampaignState): string {
  const held = openExperiments(snapshot, campaign).filter(waitsForPeople);
  const asked = stillAsked(snapshot, { ...campaign, state });
  const ideas = asked.map(({ idea, by }) => `${quote(idea, 100)} (${escapeMarkdown(by)})`).join(', ');
  return [
    held.length > 0 && !isWaiting(state)
      ? `**Waits for a person:** ${held.map(({ pull }) => `#${pull}`).join(', ')}.`
      : '',
    ideas === '' ? '' : `**${hasEnded(state) ? 'Not tried' : 'Waiting to be tried'}:** ${ideas}.`,
  ]
    .filter(line => line !== '')
    .join('\n\n');
}

/** Where a campaign with a branch of its own works, and what it offers. */
function apartLine(snapshot: Snapshot, campaign: Campaign, { base }: CampaignState): string {
  const branch = `\`${campaignBranch(campaign.issue)}\``;
  const home = `\`${snapshot.home.branch}\``;
  const open = promotionsOf(snapshot, campaign).find(({ state }) => state === 'open');
  if (open) return `#${open.pull} offers what was found to ${home}; only a person merges it.`;
  return base === null
    ? ''
    : `Experiments are merged into ${branch}; nothing reaches ${home} without a person.`;
}

/** The champion on the test text, and whether a sandbox stands between candidates and machine. */
function honestyLine(snapshot: Snapshot, { baselines }: CampaignState): string {
  const { contract } = snapshot;
  const last = trialsOfTree(snapshot, snapshot.base.tree);
  const first = baselines.filter(trial => trial.tree === baselines[0]?.tree);
  const moved = baselines[0] !== undefined && baselines[0].tree !== snapshot.base.tree;
  const sentences = [
    contract.kind === 'contract' ? testSentence(contract.contract, last) : '',
    moved ? overfittingSentence(first, last) : '',
    [...first, ...last].some(ranBare) ? NO_SANDBOX : '',
  ];
  return sentences.filter(sentence => sentence !== '').join(' ');
}

function table(rows: readonly LedgerRow[], metric: string): string {
  const shown = rows.slice(-SHOWN_ROWS).reverse();
  const lines = shown.map(row => [
    String(row.number),
    `#${row.pull}`,
    row.value === null ? '–' : row.status === 'stopped' ? formatGuess(row.value) : formatValue(row.value),
    row.value === null || row.championValue === null
      ? ''
      : formatDifference(row.value - row.championValue, row.championValue),
    row.held ? '✋ held' : ICONS[row.status],
    escapeMarkdown(row.title, 80),
  ]);
  const head = ['', 'pull request', metric, 'difference', 'verdict', 'idea'];
  const text = markdownTable([head, ...lines], { align: ['r', 'l', 'r', 'r', 'l', 'l'] });
  return rows.length > shown.length ? `${text}\n\n… and ${rows.length - shown.length} before these.` : text;
}

const ICONS: Record<LedgerRow['status'], string> = {
  keep: '✅ merged',
  discard: '❌ closed',
  crash: '💥 crash',
  stopped: '✂️ stopped',
  running: '⏳ running',
};
