/** Writes a campaign's state into its status comment: the marker holds the state, and the visible text is derived from it. */
import { type CampaignState, campaignStateSchema } from '../campaign/marker.ts';
import type { Campaign, Snapshot } from '../campaign/model.ts';
import { smallerStates } from '../campaign/smaller-marker.ts';
import { statusComment } from '../render/status.ts';
import { isPermanent } from './errors.ts';
import { MAX_BODY, writeMarker, writeStored } from './marker.ts';
import type { GitHubPort } from './port.ts';

/** How long the visible text may be outdated while the state is unchanged. */
const REFRESH_SECONDS = 30;

/** Stores `state`. Creates the status comment if there is none. */
export async function saveState(
  port: Pick<GitHubPort, 'createComment' | 'updateComment'>,
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
): Promise<void> {
  const write = (version: CampaignState) => writeStored('campaign', version, campaignStateSchema);
  const body = statusBody(snapshot, campaign, state, write);
  if (campaign.comment && campaign.state) await port.updateComment(campaign.comment.id, body);
  else await port.createComment(campaign.issue, body);
}

/** Updates outdated status comments. Returns the seconds until the next update is due, or null. */
export async function refreshStatus(
  port: Pick<GitHubPort, 'updateComment'>,
  snapshot: Snapshot,
  now: Date,
): Promise<number | null> {
  let again: number | null = null;
  for (const campaign of snapshot.campaigns) {
    const { comment, state } = campaign;
    if (!comment || !state) continue;
    // The state was checked against the schema when it was read.
    const body = statusBody(snapshot, campaign, state, version => writeMarker('campaign', version));
    if (body === comment.body) continue;
    const age = (now.getTime() - Date.parse(comment.updatedAt)) / 1000;
    const ended = state.phase === 'finished' || state.phase === 'stopped';
    if (age < REFRESH_SECONDS && !ended) again = REFRESH_SECONDS - age;
    else await tryUpdate(port, comment.id, body);
  }
  return again;
}

/** Updates a comment. If GitHub forbids it, the comment stays outdated and everything else continues. */
async function tryUpdate(port: Pick<GitHubPort, 'updateComment'>, id: number, body: string): Promise<void> {
  try {
    await port.updateComment(id, body);
  } catch (error) {
    if (!isPermanent(error)) throw error;
  }
}

/** The longest version of the comment that fits into GitHub's limit. */
function statusBody(
  snapshot: Snapshot,
  campaign: Campaign,
  state: CampaignState,
  write: (version: CampaignState) => string,
): string {
  const others = snapshot.campaigns.filter(other => other.issue !== campaign.issue);
  let body = '';
  for (const version of smallerStates(state)) {
    const stored: Campaign = { ...campaign, state: version };
    const visible = statusComment({ ...snapshot, campaigns: [...others, stored] }, stored, version);
    // GitHub replaces half a surrogate pair, so the comment would always look outdated.
    body = `${visible.toWellFormed()}\n\n${write(version)}`;
    if (body.length <= MAX_BODY) break;
  }
  return body;
}
