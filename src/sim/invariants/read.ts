import {
  type CampaignState,
  campaignStateSchema,
  type ExperimentMarker,
  experimentMarkerSchema,
} from '../../campaign/marker.ts';
import { campaignBranch } from '../../campaign/own-branch.ts';
import { readMarker } from '../../github/marker.ts';
import type { Comment } from '../../github/port.ts';
import type { Model, PullRecord } from '../model/state.ts';
import type { Sim } from '../sim.ts';

export function markerOf(pull: PullRecord): ExperimentMarker | null {
  return readMarker('experiment', pull.body, experimentMarkerSchema);
}

/** Whether an agent proposed its edits, instead of a person or the App taking them from earlier experiments. */
export function isProposed({ asked, parts }: ExperimentMarker): boolean {
  return asked?.pull == null && parts.length === 0;
}

export function stateOf(comment: Comment): CampaignState | null {
  return readMarker('campaign', comment.body, campaignStateSchema);
}

/** The App's pull requests for a campaign, by number. */
export function pullsOf(model: Model, issue: number): PullRecord[] {
  return model.pulls
    .values()
    .filter(
      ({ author, branch }) =>
        author === model.botLogin &&
        branch.startsWith(`research/${issue}/`) &&
        branch !== campaignBranch(issue),
    )
    .sort((a, b) => a.number - b.number);
}

/** The issue of the campaign whose own branch this is; null for any other branch. */
export function campaignOf(branch: string): number | null {
  const parts = /^research\/(\d+)\/base$/.exec(branch);
  return parts ? Number(parts[1]) : null;
}

/** The App's pull requests from a campaign's own branch, by number. */
export function promotionsOf(model: Model, issue: number): PullRecord[] {
  return model.pulls
    .values()
    .filter(({ author, branch }) => author === model.botLogin && branch === campaignBranch(issue))
    .sort((a, b) => a.number - b.number);
}

/** The status comments of an issue that can be read, oldest first. */
export function statusComments(model: Model, issue: number): { comment: Comment; state: CampaignState }[] {
  return model.comments
    .values()
    .filter(comment => comment.issue === issue && comment.author === model.botLogin)
    .flatMap(comment => {
      const state = stateOf(comment);
      return state ? [{ comment, state }] : [];
    });
}

/** Whether people deleted or rewrote what the App had written down. */
export function isTakenBack({ tally }: Sim): boolean {
  const kinds = ['delete the status comment', 'edit the status comment', 'edit a description'];
  return kinds.some(kind => tally.interventions[kind]);
}
