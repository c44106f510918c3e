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
  const touched = new Set([...asked, ...experiments.map(e => e.marker.campaign)]);
  // The status comment of a campaign that has ended may be out of date.
  const late = met.map(({ issue }) => issue);
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
    const campaign = await readCampaign(port, memory, number, issue, met);
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

async function readCampaign(
  port: GitHubPort,
  memory: Memory,
  issue: number,
  { open, labels }: Pick<Issue, 'open' | 'labels'>,
  met: readonly Comment[],
): Promise<Campaign> {
  const campaign = { issue, issueOpen: open, labelled: labels.includes(RESEARCH_LABEL) };
  const remembered = memory.statusComments.get(issue);
  const quick =
    remembered === undefined ? met.find(found => found.issue === issue) : await port.comment(remembered);
  const known = quick ? stateIn(quick.body) : null;
  if (quick && known) {
    memory.statusComments.set(issue, quick.id);
    return { ...campaign, comment: quick, state: known, notices: [] };
  }
  const own = (await port.comments(issue)).filter(comment => comment.author === port.botLogin);
  // Two instances of the App may have created one each: both use the first.
  const comment = own.find(({ body }) => stateIn(body) !== null) ?? null;
  const state = comment && stateIn(comment.body);
  if (comment) memory.statusComments.set(issue, comment.id);
  return { ...campaign, comment, state, notices: own.flatMap(found => noticeKey(found.body) ?? []) };
}

/**
 * Forgets campaigns that have ended and are up to date, unless they have an open promotion, or an agent's answer whose cost is not counted
 * yet.
 */
export function forgetEnded(memory: Memory, snapshot: Snapshot): void {
  const needed = new Set([
    ...snapshot.promotions.flatMap(({ state, campaign }) => (state === 'open' ? [campaign] : [])),
    ...snapshot.thoughts.map(({ campaign }) => campaign),
  ]);
  for (const { issue, state } of snapshot.campaigns)
    if (!isLive(state) && !needed.has(issue)) memory.alive.delete(issue);
}
