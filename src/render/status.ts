/** The campaign's status comment. It is derived from the snapshot alone, so an unchanged snapshot gives the same text. */
import { markdownTable } from 'markdown-table';
import { slowSentences } from '../campaign/evidence/disturbance.ts';
import { type Ending, endingOf } from '../campaign/evidence/ending.ts';
import { budgetOf, championValues, trialsOfTree } from '../campaign/evidence/evidence.ts';
import { latestFault } from '../campaign/evidence/faults.ts';
import { isSettled } from '../campaign/evidence/finals.ts';
import { ladderOf } from '../campaign/evidence/ladder.ts';
import { type LedgerRow, ledgerRows, type Spending, spending } from '../campaign/evidence/ledger.ts';
import { type CampaignState, MAX_FAILED_PROPOSALS } from '../campaign/marker.ts';
import { type Campaign, type Experiment, measuredValues, type Snapshot } from '../campaign/model.ts';
import { campaignBranch, seenBy } from '../campaign/own-branch.ts';
import { stillAsked, waitsForDecisions, waitsForPeople } from '../campaign/people.ts';
import { deadlineOf, inDollars } from '../campaign/plan/campaign-limits.ts';
import { promotionsOf } from '../campaign/plan/promotion.ts';
import { currentCampaign, experimentsOf, hasEnded, openExperiments } from '../campaign/queries.ts';
import { mean } from '../gate/mean.ts';
import { escapeMarkdown, quote } from '../text/markdown.ts';
import { NO_SANDBOX, overfittingSentence, ranBare, testSentence } from './audit.ts';
import { guardCells, guardLine, guardNames } from './guards.ts';
import { heldBackSentence } from './ladder.ts';
import { formatCount, formatDifference, formatProjection, formatSeconds, formatValue } from './number.ts';

const SHOWN_ROWS = 30;

/** Where the export is. */
export const LOG_BRANCH = 'research-log';
export const RESULTS_FILE = 'results.tsv';
export const EXPERIMENTS_FILE = 'experiments.tsv';
export const CHART_FILE = 'progress.svg';
export const GUARDS_FILE = 'guards.tsv';

/** The visible part of the comment. */
export function statusComment(seen: Snapshot, campaign: Campaign, state: CampaignState): string {
  const snapshot = seenBy(seen, campaign);
  const metric =
    snapshot.contract.kind === 'contract'
      ? snapshot.contract.contract.metric
      : ({ name: 'metric', goal: 'minimize' } as const);
  const experiments = experimentsOf(snapshot, campaign);
  const rows = ledgerRows(experiments);
  const settled = rows.filter(row => row.status !== 'running');
  const parts = [
    `### ${PHASES[state.phase]} ${settled.length} of ${state.target} experiments`,
    summaryLine(snapshot, campaign, state, metric.name, rows),
  ];
  const finals = finalsLine(state);
  if (finals !== '') parts.push(finals);
  if (state.reason !== '')
    parts.push(`**${state.phase === 'paused' ? 'Paused' : 'Ended'}:** ${state.reason}`);
  const failures = failureLine(state);
  if (failures !== '') parts.push(failures);
  const fault = faultLine(state, experiments);
  if (fault !== '') parts.push(fault);
  const people = peopleLine(snapshot, campaign, state);
  if (people !== '') parts.push(people);
  const branch = ownBranchLine(snapshot, campaign, state);
  if (branch !== '') parts.push(branch);
  const guards = snapshot.contract.kind === 'contract' ? snapshot.contract.contract.guards : [];
  if (guards.length > 0) parts.push(guardLine(snapshot, campaign));
  const caveats = caveatLine(snapshot, state);
  if (caveats !== '') parts.push(caveats);
  const endings = new Map(
    experiments.flatMap(({ marker: { number, verdict, trials } }): [number, Ending][] =>
      verdict === null ? [] : [[number, endingOf(verdict, trials, metric.goal)]],
    ),
  );
  const isExported = settled.length > 0;
  const isReported = hasEnded(state) && !state.reportDue;
  // The report has the chart, too. The number makes a browser fetch the picture again when there is something new on it.
  if (isExported && !isReported)
    parts.push(
      `![Progress so far](${snapshot.url}/raw/${LOG_BRANCH}/${CHART_FILE}?experiments=${settled.length})`,
    );
  if (isReported && isExported)
    parts.push('The chart, near misses, crashes and what to try next are in the report below.');
  if (rows.length > 0) parts.push(table(rows, endings, metric.name));
  const limits = snapshot.contract.kind === 'contract' ? snapshot.contract.contract.limits : NO_LIMITS;
  parts.push(
    `<sub>Spent: ${spentText(spending(campaign, experiments), limits.usd)}.${timeText(limits, state)} ` +
      `Started by ${escapeMarkdown(state.startedBy)}${state.topic === '' ? '' : `; topic: ${escapeMarkdown(state.topic)}`}. ` +
      `${optionsText(state)}Every experiment is a pull request labelled \`research\`. ${exportText(snapshot.url, isExported)}` +
      'Commands: `/research help`.</sub>',
  );
  return parts.join('\n\n');
}

/** Why nothing was measured lately. A pause has its own reason. */
function faultLine({ phase, baselines }: CampaignState, experiments: readonly Experiment[]): string {
  const fault = latestFault([...baselines, ...experiments.flatMap(({ marker }) => marker.trials)]);
  if (fault === null || phase !== 'running') return '';
  return `**Machine error** in trial ${fault.trial}: ${quote(fault.message, 300)}. It is repeated, at most twice.`;
}

/** Options of `/research N` that stay until another one changes them. */
function optionsText({ parallel, budgetSeconds, agent }: CampaignState): string {
  const given = [
    parallel === null ? '' : `${formatCount(parallel, 'trial')} in parallel`,
    budgetSeconds === null ? '' : `${formatSeconds(budgetSeconds)} per trial`,
    agent === null ? '' : `agent ${quote(agent, 60)}`,
  ].filter(text => text !== '');
  return given.length === 0 ? '' : `Options of this campaign: ${given.join(', ')}. `;
}

function exportText(url: string, isExported: boolean): string {
  if (!isExported) return '';
  const link = (file: string) => `[\`${file}\`](${url}/blob/${LOG_BRANCH}/${file})`;
  return `Results: ${link(RESULTS_FILE)}, ${link(EXPERIMENTS_FILE)}, ${link(CHART_FILE)}. `;
}

const NO_LIMITS = { usd: null, hours: null };

/** What a campaign has spent, and its limit in dollars if it has one. */
export function spentText({ trials, machineSeconds, cost }: Spending, limit: number | null): string {
  const tokens = cost.inputTokens + cost.outputTokens;
  const used =
    cost.usd === null ? 'price unknown' : cost.usd > 0 || limit !== null ? inDollars(cost.usd) : '';
  const money = used === '' ? '' : `, ${used}${limit === null ? '' : ` of ${inDollars(limit)}`}`;
  return `${formatCount(trials, 'trial')}, ${formatSeconds(machineSeconds)} of machine time, ${formatCount(tokens, 'token')}${money}`;
}

/** When the contract's time limit ends a campaign that is still going. */
function timeText(limits: { hours: number | null }, { phase, startedAt }: CampaignState): string {
  const deadline = deadlineOf(limits, startedAt);
  if (deadline === null || phase === 'finished' || phase === 'stopped') return '';
  return ` No new experiments after ${deadline.toISOString().slice(0, 16).replace('T', ' ')} UTC.`;
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
  if (waiting) return `Queued behind #${current.issue}: one campaign runs at a time.`;
  const { contract } = snapshot;
  const now =
    contract.kind === 'contract' ? championValues(snapshot, budgetOf(contract.contract, campaign)) : [];
  const sha = snapshot.base.sha.slice(0, 7);
  if (now.length === 0 && state.phase === 'running' && state.baselines.length > 0)
    return `\`${snapshot.base.branch}\` moved to ${sha}, which has not been measured yet. Measuring it before judging anything else.`;
  if (now.length === 0)
    return state.phase === 'running'
      ? `Measuring the champion ${sha} first.`
      : `The champion ${sha} has not been measured.`;
  const merged = rows.filter(row => row.status === 'keep');
  const start = merged.find(row => row.championValue !== null)?.championValue ?? null;
  const simpler = merged.filter(row => row.simpler).length;
  const ties = simpler === 0 ? '' : `, ${simpler} of them for shorter code`;
  const change =
    start === null
      ? 'no improvement yet'
      : `${formatDifference(mean(now) - start, start)} since the start, ${merged.length} merged${ties}`;
  return `Champion ${sha}: ${metric} **${formatValue(mean(now))}** (${change}).`;
}

/** How far the measurements at the end of a campaign are. */
function finalsLine({ phase, finals }: CampaignState): string {
  const open = finals.filter(final => !isSettled(final));
  if ((phase !== 'running' && phase !== 'paused') || open.length === 0) return '';
  const [done, of] = [
    finals.reduce((sum, { trials }) => sum + measuredValues(trials).length, 0),
    finals.reduce((sum, { seeds }) => sum + seeds, 0),
  ];
  return `All experiments are done. Measuring the result: ${done} of ${formatCount(of, 'trial')}. \`/research stop\` ends this.`;
}

/** Why proposals failed: the last one if it was just now, and all that are still known. */
function failureLine({ phase, failedInARow, failedProposals }: CampaignState): string {
  const last = failedProposals.at(-1);
  if (last === undefined) return '';
  const count = `${formatCount(failedInARow, 'proposal')} in a row failed; the campaign pauses after ${MAX_FAILED_PROPOSALS}`;
  const now =
    phase === 'running' && failedInARow > 0
      ? [`**The last proposal failed:** ${quote(last, 300)}. ${count}.`]
      : [];
  const list = failedProposals.map(reason => `- ${quote(reason, 300)}`).join('\n');
  const summary = `Why ${failedProposals.length === 1 ? 'a proposal' : 'proposals'} failed`;
  return [...now, `<details><summary>${summary}</summary>\n\n${list}\n\n</details>`].join('\n\n');
}

/** Experiments that need a person's decision, and requested ideas that have not been tried. */
function peopleLine(snapshot: Snapshot, campaign: Campaign, state: CampaignState): string {
  const held = openExperiments(snapshot, campaign).filter(waitsForPeople);
  const asked = stillAsked(snapshot, { ...campaign, state });
  const ideas = asked.map(({ idea, by }) => `${quote(idea, 100)} (${escapeMarkdown(by)})`).join(', ');
  return [
    held.length > 0 && !waitsForDecisions(state)
      ? `**Needs review:** ${held.map(({ pull }) => `#${pull}`).join(', ')}.`
      : '',
    ideas === '' ? '' : `**${hasEnded(state) ? 'Not tried' : 'Queued ideas'}:** ${ideas}.`,
  ]
    .filter(line => line !== '')
    .join('\n\n');
}

/** The campaign's own branch, if it has one, and its promotion pull request. */
function ownBranchLine(snapshot: Snapshot, campaign: Campaign, { base }: CampaignState): string {
  const branch = `\`${campaignBranch(campaign.issue)}\``;
  const home = `\`${snapshot.home.branch}\``;
  const open = promotionsOf(snapshot, campaign).find(({ state }) => state === 'open');
  const { contract } = snapshot;
  if (open) return `#${open.pull} proposes the improvements for ${home}. Only a person can merge it.`;
  const held =
    contract.kind === 'contract'
      ? heldBackSentence(
          contract.contract,
          ladderOf(snapshot, contract.contract, campaign),
          campaignBranch(campaign.issue),
        )
      : '';
  if (held !== '') return held;
  return base === null
    ? ''
    : `Experiments are merged into ${branch}. Only a person can merge that branch into ${home}.`;
}

/** How far the scores can be trusted: the champion on the test text, and whether candidates run in a sandbox. */
function caveatLine(snapshot: Snapshot, { baselines }: CampaignState): string {
  const { contract } = snapshot;
  const last = trialsOfTree(snapshot, snapshot.base.tree);
  const first = baselines.filter(trial => trial.tree === baselines[0]?.tree);
  const moved = baselines[0] !== undefined && baselines[0].tree !== snapshot.base.tree;
  const sentences = [
    contract.kind === 'contract' ? testSentence(contract.contract, last) : '',
    moved ? overfittingSentence(first, last) : '',
    ...slowSentences(last),
    [...first, ...last].some(ranBare) ? NO_SANDBOX : '',
  ];
  return sentences.filter(sentence => sentence !== '').join(' ');
}

function table(rows: readonly LedgerRow[], endings: ReadonlyMap<number, Ending>, metric: string): string {
  const shown = rows.slice(-SHOWN_ROWS).reverse();
  const guards = guardNames(shown);
  const lines = shown.map(row => [
    String(row.number),
    `#${row.pull}`,
    valueText(row),
    row.value === null || row.championValue === null
      ? ''
      : formatDifference(row.value - row.championValue, row.championValue),
    ...guardCells(row, guards),
    resultText(row, endings.get(row.number)),
    escapeMarkdown(row.title, 80),
  ]);
  const names = guards.map(name => escapeMarkdown(name));
  const head = ['', 'PR', metric, 'change', ...names, 'result', 'idea'];
  const align = ['r', 'l', 'r', 'r', ...guards.map(() => 'r'), 'l', 'l'];
  const text = markdownTable([head, ...lines], { align });
  const hidden = rows.length - shown.length;
  return hidden > 0 ? `${text}\n\n${formatCount(hidden, 'older experiment')} not shown.` : text;
}

function resultText({ held, status }: LedgerRow, ending: Ending | undefined): string {
  if (held) return '✋ needs review';
  if (status === 'keep') return '✅ merged';
  return status === 'running' || ending === undefined ? '⏳ running' : UNMERGED[ending];
}

function valueText({ value, status }: LedgerRow): string {
  if (value === null) return '–';
  return status === 'stopped' ? formatProjection(value) : formatValue(value);
}

/** An experiment that ended without a merge was not always judged. */
const UNMERGED: Record<Ending, string> = {
  improvement: '❌ closed',
  simplification: '❌ closed',
  kept: '❌ closed',
  guard: '🛑 breaks a guard',
  'near miss': '🟡 near miss',
  'too close': '❌ too close',
  worse: '❌ worse',
  'stopped early': '✂️ stopped early',
  crash: '💥 crashed',
  flagged: '🚩 flagged',
  unmeasured: '⚠️ not measured',
  superseded: '⏹ superseded',
  'not judged': '⏹ not judged',
  'by a person': '⏹ closed by a person',
};
