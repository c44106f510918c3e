/** Writes the campaign's state: its status comment, whose hidden part is the state and whose visible part is derived. */

import { type CampaignState, campaignStateSchema } from '../campaign/marker.ts';
import type { Campaign, Snapshot } from '../campaign/model.ts';
import { smallerStates } from '../campaign/smaller-marker.ts';
import { statusComment } from '../render/status.ts';
import { isPermanent } from './errors.ts';
import { MAX_BODY, writeMarker, writeStored } from './marker.ts';
import type { GitHubPort } from './port.ts';

/** How long the visible part may lag behind while nothing in the hidden part changes. */
const REFRESH_SECONDS = 30;
/** Stores `state`; creates the status comment where there is none. */
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

/** Brings the visible parts up to date where they lag. Returns seconds until it should be tried again, or null. */
export async function refreshStatus(
  port: Pick<GitHubPort, 'updateComment'>,
  snapshot: Snapshot,
  now: Date,
): Promise<number | null> {
  let again: number | null = null;
  for (const campaign of snapshot.campaigns) {
    const { comment, state } = campaign;
    if (!comment || !state) continue;
    // What was read back matched the schema, and is written as it was read.
    const body = statusBody(snapshot, campaign, state, version => writeMarker('campaign', version));
    if (body === comment.body) continue;
    const age = (now.getTime() - Date.parse(comment.updatedAt)) / 1000;
    const ended = state.phase === 'finished' || state.phase === 'stopped';
    if (age < REFRESH_SECONDS && !ended) again = REFRESH_SECONDS - age;
    else await refreshed(port, comment.id, body);
  }
  return again;
}

/** Where GitHub does not let the App write, what people read lags behind, and everything else goes on. */
async function refreshed(port: Pick<GitHubPort, 'updateComment'>, id: number, body: string): Promise<void> {
  try {
    await port.updateComment(id, body);
  } catch (error) {
    if (!isPermanent(error)) throw error;
  }
}

/** The fullest version of the comment that GitHub takes. */
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
    // A half of a surrogate pair would come back as another character, and the comment seem to lag for ever.
    body = `${visible.toWellFormed()}\n\n${write(version)}`;
    if (body.length <= MAX_BODY) break;
  }
  return body;
}
