/**
 * The rule: a base branch only ever moves to a tree that was itself measured, and judged better than the one it replaces. With
 * `base: campaign` that is a branch of each campaign's own, and the App never moves the default branch.
 */
import type { ExperimentMarker } from '../../campaign/model.ts';
import type { Branch, Change, PullRecord } from '../model/state.ts';
import { campaignOf, markerOf, promotionsOf } from './read.ts';
import type { Rule, Rules } from './watch.ts';

/** Trials that a merge takes at least. */
const LEAST_TRIALS = 1;

/** Of two Apps one may read the tip while the other merges; a merge takes no longer. */
const MERGE_SECONDS = 30;

type BranchChange = Extract<Change, { table: 'branches' }>;

export function watchBase({ sim, model }: Rules): Rule {
  /** When anybody moved a base; the App reads the tip, and GitHub merges a moment later. */
  const movedAt = new Map<string, number>();
  /** Where the App made each campaign's own branch. */
  const madeAt = new Map<string, string>();
  /** Every commit that the default branch was at. */
  const homes = new Set(model.branches.values().map(({ sha }) => sha));
  /** What the App last wrote into each pull request: people may edit it right before the merge. */
  const written = new Map<number, ExperimentMarker>();
  return change => {
    if (change.table === 'pulls' && change.actor === model.botLogin && change.after) {
      const marker = markerOf(change.after);
      if (marker) written.set(change.after.number, marker);
    }
    if (change.table !== 'branches') return;
    const name = (change.after ?? change.before)?.name ?? '';
    const issue = campaignOf(name);
    if (name === model.defaultBranch && change.after) homes.add(change.after.sha);
    if (name !== model.defaultBranch && issue === null) return;
    if (change.actor === model.botLogin) checkMove(change, issue);
    movedAt.set(name, model.now());
  };

  function checkMove(change: BranchChange, issue: number | null): void {
    const { before, after } = change;
    if (issue === null) {
      if (sim.profile.apart) sim.violate('The App moved the default branch, and may not.');
      else if (after) checkMerge(change, after);
      else sim.violate('The App deleted the default branch.');
    } else if (!sim.profile.apart)
      sim.violate(`The App touched ${(after ?? before)?.name}, and has no use for it.`);
    else if (!before && after) checkMade(after);
    else if (before && !after) checkDeleted(before, issue);
    else if (after) checkMerge(change, after);
  }

  function checkMade({ name, sha }: Branch): void {
    if (!homes.has(sha))
      sim.violate(`The App made ${name} from ${sha}, which the default branch never was at.`);
    madeAt.set(name, sha);
  }

  /** Only what holds nothing, or was taken over by a person as it is, may go. */
  function checkDeleted({ name, sha }: Branch, issue: number): void {
    const taken = promotionsOf(model, issue).some(pull => pull.state === 'merged' && pull.headSha === sha);
    if (sha !== madeAt.get(name) && !taken)
      sim.violate(`The App deleted ${name}, and what it had found with it.`);
  }

  function checkMerge(change: BranchChange, after: Branch): void {
    const pull = change.merged === null ? undefined : model.pulls.get(change.merged);
    const marker = pull && written.get(pull.number);
    if (!pull || !marker) return void sim.violate('The App moved the base by something else than a merge.');
    sim.tally.merges++;
    for (const wrong of unsound(pull, marker)) sim.violate(`#${pull.number} was merged although ${wrong}.`);
    const tip = model.git.commit(after.sha);
    const sound = tip?.tree === marker.tree && tip.parents[0] === marker.champion.sha;
    const moved = movedAt.get(after.name) ?? 0;
    // GitHub cannot merge on condition of a tip: between reading it and merging, somebody else may move it.
    const raced =
      moved > (sim.tipReadAt.get(after.name) ?? 0) ||
      (sim.profile.twoApps && model.now() - moved < MERGE_SECONDS * 1000);
    if (!sound && !raced)
      sim.violate(
        `#${pull.number} was merged onto ${tip?.parents[0]}, but measured on ${marker.champion.sha}.`,
      );
  }

  function unsound(
    pull: PullRecord,
    { campaign, verdict, trials, tree, commit, champion }: ExperimentMarker,
  ): string[] {
    const measured = trials.filter(({ outcome }) => outcome.status === 'measured');
    const reasons: string[] = [];
    if (pull.author !== model.botLogin) reasons.push('it is not the App’s');
    if (sim.profile.apart && campaignOf(pull.base) !== campaign) reasons.push(`it went into ${pull.base}`);
    if (verdict?.kind !== 'merge') reasons.push(`its verdict is ${verdict?.kind}`);
    if (pull.headSha !== commit) reasons.push('its head is not what was measured');
    if (measured.length < LEAST_TRIALS) reasons.push(`it was measured ${measured.length} times`);
    if (trials.some(trial => trial.tree !== tree || trial.base !== champion.sha))
      reasons.push('a trial measured something else');
    if (sim.profile.refereed && measured.some(({ refereed }) => refereed?.audit == null))
      reasons.push('a number was not audited');
    if (measured.some(({ refereed }) => (refereed?.audit?.flags.length ?? 0) > 0))
      reasons.push('an audit flagged it');
    const values = measured.map(({ outcome }) => (outcome.status === 'measured' ? outcome.value : 0));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (mean >= (verdict?.championValue ?? 0)) reasons.push('its mean is not better than the champion’s');
    return reasons;
  }
}
