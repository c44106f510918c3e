/** Reads back what the App wrote, as the App would. */
import {
  type CampaignState,
  campaignStateSchema,
  type ExperimentMarker,
  experimentMarkerSchema,
} from '../../campaign/model.ts';
import { readMarker } from '../../github/marker.ts';
import type { Comment } from '../../github/port.ts';
import type { Model, PullRecord } from '../model/state.ts';

export function markerOf(pull: PullRecord): ExperimentMarker | null {
  return readMarker('experiment', pull.body, experimentMarkerSchema);
}

export function stateOf(comment: Comment): CampaignState | null {
  return readMarker('campaign', comment.body, campaignStateSchema);
}

/** The App's pull requests for a campaign, by number. */
export function pullsOf(model: Model, issue: number): PullRecord[] {
  return model.pulls
    .values()
    .filter(pull => pull.author === model.botLogin && pull.branch.startsWith(`research/${issue}/`))
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
