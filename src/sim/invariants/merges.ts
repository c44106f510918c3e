/** What the App merges: what was measured, as it was measured, onto the champion that it was measured against. */
import type { ExperimentMarker } from '../../campaign/marker.ts';
import { trialParts } from '../../campaign/trial-id.ts';
import type { Branch, PullRecord } from '../model/state.ts';
import type { Sim } from '../sim.ts';
import { listenForKeeps } from './keeps.ts';
import { campaignOf, markerOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

/** Of two Apps one may read the tip while the other merges; a merge takes no longer. */
const MERGE_SECONDS = 30;

export function watchMerges({ sim, model }: Rules): Rule {
  /** When anybody moved a base; the App reads the tip, and GitHub merges a moment later. */
  const movedAt = new Map<string, number>();
  /** What the App last wrote into each pull request: people may edit it right before the merge. */
  const written = new Map<number, ExperimentMarker>();
  const keeps = listenForKeeps(model);
  return change => {
    keeps.hear(change);
    if (change.table === 'pulls' && change.actor === model.botLogin && change.after) {
      const marker = markerOf(change.after);
      if (marker) written.set(change.after.number, marker);
    }
    if (change.table !== 'branches') return;
    const { before, after, merged } = change;
    const name = (after ?? before)?.name ?? '';
    if (name !== model.defaultBranch && campaignOf(name) === null) return;
    if (change.actor === model.botLogin && before && after) checkMerge(after, merged);
    movedAt.set(name, model.now());
  };

  /** @param merged the pull request that moved the base there */
  function checkMerge({ name, sha }: Branch, merged: number | null): void {
    const pull = merged === null ? undefined : model.pulls.get(merged);
    const marker = pull && written.get(pull.number);
    if (!pull || !marker) return void sim.violate('The App moved the base by something else than a merge.');
    sim.tally.merges++;
    const tip = model.git.commit(sha);
    const wrong = [...keeps.unsaid(pull, marker, tip?.message ?? ''), ...unsound(sim, pull, marker)];
    for (const reason of wrong) sim.violate(`#${pull.number} was merged although ${reason}.`);
    const isSound = tip?.tree === marker.tree && tip.parents[0] === marker.champion.sha;
    if (!isSound && !isRaced(name))
      sim.violate(
        `#${pull.number} was merged onto ${tip?.parents[0]}, but measured on ${marker.champion.sha}.`,
      );
  }

  /** GitHub cannot merge on condition of a tip: between reading it and merging, somebody else may move it. */
  function isRaced(base: string): boolean {
    const moved = movedAt.get(base) ?? 0;
    const isRecent = sim.profile.twoApps && model.now() - moved < MERGE_SECONDS * 1000;
    return isRecent || moved > (sim.tipReadAt.get(base) ?? 0);
  }
}

/** What speaks against a merge in what was measured. */
function unsound({ profile, model }: Sim, pull: PullRecord, marker: ExperimentMarker): string[] {
  const { campaign, verdict, trials, tree, commit, champion } = marker;
  const measured = trials.filter(({ outcome }) => outcome.status === 'measured');
  const reasons: string[] = [];
  if (pull.author !== model.botLogin) reasons.push('it is not the App’s');
  if (profile.apart && campaignOf(pull.base) !== campaign) reasons.push(`it went into ${pull.base}`);
  if (verdict?.kind !== 'merge') reasons.push(`its verdict is ${verdict?.kind}`);
  if (pull.headSha !== commit) reasons.push('its head is not what was measured');
  const stopped = trials.findLastIndex(({ outcome }) => outcome.status === 'stopped');
  if (stopped > trials.findIndex(({ outcome }) => outcome.status === 'measured'))
    reasons.push('a trial of it was stopped, and no other was taken since');
  if (measured.length === 0) reasons.push('it was never measured');
  if (trials.some(trial => trial.tree !== tree || trial.base !== champion.sha))
    reasons.push('a trial measured something else');
  if (trials.some(({ trial }) => trialParts(trial).experiment !== marker.number))
    reasons.push('a trial of something else counts for it');
  const audited = measured.filter(({ refereed }) => refereed?.audit != null).length;
  if (profile.refereed && audited === 0) reasons.push('none of its numbers was audited');
  if (measured.some(({ refereed }) => (refereed?.audit?.flags.length ?? 0) > 0))
    reasons.push('an audit flagged it');
  return reasons;
}
