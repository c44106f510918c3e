/** Writes the campaign's state: its status comment, whose hidden part is the state and whose visible part is derived. */
import type { Campaign, CampaignState, Snapshot } from '../campaign/model.ts';
import { statusComment } from '../render/status.ts';
import { MAX_BODY, writeMarker } from './marker.ts';
import type { GitHubPort } from './port.ts';

/** How long the visible part may lag behind while nothing in the hidden part changes. */
const REFRESH_SECONDS = 30;
/** Records of comments and failures are kept this far back. */
const KEPT_COMMENTS = 200;
const KEPT_FAILURES = 20;

/** Stores `state`; creates the status comment where there is none. */
export async function saveState(
  port: GitHubPort,
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
): Promise<void> {
  const kept: CampaignState = {
    ...state,
    comments: state.comments.slice(-KEPT_COMMENTS),
    failedProposals: state.failedProposals.slice(-KEPT_FAILURES),
  };
  const others = snapshot.campaigns.filter(other => other.issue !== campaign.issue);
  const saved: Campaign = { ...campaign, state: kept };
  const body = statusBody({ ...snapshot, campaigns: [...others, saved] }, saved, kept);
  if (campaign.comment && campaign.state) await port.updateComment(campaign.comment.id, body);
  else await port.createComment(campaign.issue, body);
}

/** Brings the visible parts up to date where they lag. Returns seconds until it should be tried again, or null. */
export async function refreshStatus(port: GitHubPort, snapshot: Snapshot, now: Date): Promise<number | null> {
  let again: number | null = null;
  for (const campaign of snapshot.campaigns) {
    const { comment, state } = campaign;
    if (!comment || !state) continue;
    const body = statusBody(snapshot, campaign, state);
    if (body === comment.body) continue;
    const age = (now.getTime() - Date.parse(comment.updatedAt)) / 1000;
    const ended = state.phase === 'finished' || state.phase === 'stopped';
    if (age < REFRESH_SECONDS && !ended) again = REFRESH_SECONDS - age;
    else await port.updateComment(comment.id, body);
  }
  return again;
}

function statusBody(snapshot: Snapshot, campaign: Campaign, state: CampaignState): string {
  const body = `${statusComment(snapshot, campaign, state)}\n\n${writeMarker('campaign', state)}`;
  if (body.length > MAX_BODY)
    throw new Error(
      `Expected the status comment of #${campaign.issue} to fit ${MAX_BODY} characters, got ${body.length}.`,
    );
  return body;
}
