/** Finds the campaigns and reads their status comments. */

import { type CampaignState, campaignStateSchema } from '../../campaign/marker.ts';
import {
  type Campaign,
  type Experiment,
  type PendingCommand,
  type Promotion,
  RESEARCH_LABEL,
  type Snapshot,
} from '../../campaign/model.ts';
import { askTwice } from '../errors.ts';
import { readMarker } from '../marker.ts';
import type { Comment, GitHubPort, Issue } from '../port.ts';
import { noticeKey } from '../replies.ts';
import type { Memory } from './memory.ts';

export async function readCampaigns(
  port: GitHubPort,
  memory: Memory,
  experiments: readonly Experiment[],
  promotions: readonly Promotion[],
  commands: readonly PendingCommand[],
  met: readonly Comment[],
): Promise<Campaign[]> {
  const labelled = (await port.openIssues(RESEARCH_LABEL)).filter(issue => !issue.isPull);
  const open = new Map(labelled.map(issue => [issue.number, issue.updatedAt]));
  const pulls = new Map(experiments.map(({ pull, marker }) => [pull, marker.campaign]));
  const unfinished = [
    ...experiments.filter(e => e.state === 'open' || e.marker.verdict === null).map(e => e.marker.campaign),
    ...promotions.filter(({ state }) => state === 'open').map(({ campaign }) => campaign),
  ];
  const asked = commands.map(({ issue }) => pulls.get(issue) ?? issue);
  const touchedByWork = new Set([...experiments.map(e => e.marker.campaign), ...unfinished]);
  const touched = new Set([...asked, ...touchedByWork]);
  // After a restart, the status comment of a campaign that has ended may be out of date.
  const late = memory.commentsSeen === null ? met.map(({ issue }) => issue) : [];
  // An issue without the label and without experiments can only have a campaign that lost its label before its first experiment.
  const starting = new Set(commands.flatMap(({ issue, command }) => (mayStart(command) ? issue : [])));
  const campaigns: Campaign[] = [];
  for (const number of new Set([...open.keys(), ...unfinished, ...memory.alive, ...asked, ...late])) {
    const updatedAt = open.get(number);
    const known = updatedAt !== undefined;
    if (known && !touched.has(number) && memory.bare.get(number) === updatedAt) continue;
    const issue = known
      ? { open: true, isPull: false, labels: [RESEARCH_LABEL] }
      : // Asked twice, because a campaign that seems to be missing would be started again.
        await askTwice(() => port.issue(number));
    if (!issue || issue.isPull) continue;
    const isLikely = touchedByWork.has(number) || starting.has(number) || memory.alive.has(number);
    const isLabelled = issue.labels.includes(RESEARCH_LABEL);
    if (!isLikely && !isLabelled && !met.some(found => found.issue === number)) continue;
    const campaign = await readCampaign(port, memory, number, issue, met, touchedByWork.has(number));
    if (campaign.comment) memory.bare.delete(number);
    else if (known) memory.bare.set(number, updatedAt);
    if (campaign.comment || known || unfinished.includes(number)) campaigns.push(campaign);
  }
  for (const { issue } of campaigns) memory.alive.add(issue);
  return campaigns.sort((a, b) => a.issue - b.issue);
}

/**
 * The App's own status comments among `comments`, oldest first. They also lead to campaigns whose issue was closed or lost its label while
 * the App was away, and so is not in the list of open issues.
 */
export function metAgain(comments: readonly Comment[], botLogin: string): Comment[] {
  return comments
    .filter(({ author, body }) => author === botLogin && stateIn(body) !== null)
    .sort((a, b) => a.id - b.id);
}

function stateIn(body: string): CampaignState | null {
  return readMarker('campaign', body, campaignStateSchema);
}

function isLive(state: CampaignState | null): boolean {
  return state?.phase === 'running' || state?.phase === 'paused';
}

/** Whether a command can begin a campaign. */
function mayStart(command: PendingCommand['command']): boolean {
  return command.kind === 'command' && command.command.kind === 'start';
}

/** @param hasWork whether it has experiments, so that people must be told if its state is lost */
async function readCampaign(
  port: GitHubPort,
  memory: Memory,
  issue: number,
  { open, labels }: Pick<Issue, 'open' | 'labels'>,
  met: readonly Comment[],
  hasWork: boolean,
): Promise<Campaign> {
  const campaign = { issue, issueOpen: open, labelled: labels.includes(RESEARCH_LABEL) };
  const remembered = memory.statusComments.get(issue);
  const there = remembered === undefined ? null : await port.comment(remembered);
  const quick = there && stateIn(there.body) ? there : met.find(found => found.issue === issue);
  const known = quick ? stateIn(quick.body) : null;
  if (quick && known) {
    memory.statusComments.set(issue, quick.id);
    return { ...campaign, comment: quick, state: known, notices: [] };
  }
  // Two instances of the App may have created one each: both use the first.
  const isStatus = ({ author, body }: Comment) => author === port.botLogin && stateIn(body) !== null;
  const isNew = remembered === undefined;
  const comment = isNew && memory.searched.has(issue) ? null : await port.findComment(issue, isStatus);
  const state = comment && stateIn(comment.body);
  if (comment) memory.statusComments.set(issue, comment.id);
  else if (isNew) memory.searched.add(issue);
  const notices = state === null && hasWork ? await noticesOn(port, issue) : [];
  return { ...campaign, comment, state, notices };
}

async function noticesOn(port: GitHubPort, issue: number): Promise<string[]> {
  const own = (await port.comments(issue)).filter(({ author }) => author === port.botLogin);
  return own.flatMap(({ body }) => noticeKey(body) ?? []);
}

/**
 * Forgets campaigns that have ended and are up to date, unless they have an open promotion, or owe a report or the cost of an agent's
 * answer.
 */
export function forgetEnded(memory: Memory, snapshot: Snapshot): void {
  const needed = new Set([
    ...snapshot.promotions.flatMap(({ state, campaign }) => (state === 'open' ? [campaign] : [])),
    ...snapshot.thoughts.map(({ campaign }) => campaign),
  ]);
  for (const { issue, state } of snapshot.campaigns)
    if (!isLive(state) && !state?.reportDue && !needed.has(issue)) memory.alive.delete(issue);
}
