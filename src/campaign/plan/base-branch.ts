/** Looks after the branch of a campaign with `base: campaign`. */
import type { Action } from '../action.ts';
import type { CampaignBase, Point } from '../marker.ts';
import type { Campaign, Snapshot } from '../model.ts';
import { campaignBranch, isNext, worksApart } from '../own-branch.ts';
import { paused } from '../phase.ts';
import { currentCampaign } from '../queries.ts';

/** If two answers of GitHub contradict each other, it is asked again after this time. */
const UNCLEAR_SECONDS = 10;

/** Creates the current campaign's branch, and pauses the campaign if anything but the App's merges moved it. Null if neither is needed. */
export function maintainBase(snapshot: Snapshot): Action | null {
  const campaign = currentCampaign(snapshot);
  if (!campaign || !worksApart(snapshot)) return null;
  const { base } = campaign.state;
  if (base === null) return { kind: 'createBase', campaign };
  const tip = snapshot.campaignTip;
  if (tip?.sha === base.tip.sha) return null;
  // It was deleted only if both answers say so.
  if (!tip && snapshot.branches.has(campaignBranch(campaign.issue)))
    return { kind: 'wait', seconds: UNCLEAR_SECONDS };
  if (tip && isNext(snapshot, campaign, base, tip)) return { kind: 'followBase', campaign, base, tip };
  const reason = tip ? movedReason(campaign, base, tip) : goneReason(campaign, base);
  return { kind: 'phase', campaign, ...paused(reason) };
}

function movedReason({ issue }: Campaign, { tip }: CampaignBase, found: Point): string {
  const [was, is] = [tip.sha.slice(0, 7), found.sha.slice(0, 7)];
  return `Someone moved \`${campaignBranch(issue)}\` from ${was} to ${is}. Move it back or leave it there, then comment \`/research resume\`: the campaign continues from wherever the branch is then, and measures it first if needed.`;
}

function goneReason({ issue }: Campaign, { tip }: CampaignBase): string {
  const branch = campaignBranch(issue);
  return `Someone deleted \`${branch}\`. Recreate it at ${tip.sha}, for example with \`gh api repos/{owner}/{repo}/git/refs -f ref=refs/heads/${branch} -f sha=${tip.sha}\`, then comment \`/research resume\`. To end the campaign instead, comment \`/research stop\`.`;
}
