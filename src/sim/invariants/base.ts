import type { ExperimentMarker } from '../../campaign/marker.ts';
import { discardedBy, keptBy } from '../../campaign/people.ts';
import type { Comment } from '../../github/port.ts';
import type { Branch, Change, PullRecord } from '../model/state.ts';
import { campaignOf, markerOf, promotionsOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

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
  /** Comments by which people with permission kept something. */
  const spoken = new Map<number, Comment>();
  return change => {
    if (change.table === 'comments' && change.after && !change.before) {
      const { id, author, body } = change.after;
      const may = ['admin', 'write'].includes(model.permissions.get(author) ?? '');
      if (may && body === '/research keep') spoken.set(id, change.after);
    }
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
    for (const wrong of unsaid(pull, marker, model.git.commit(after.sha)?.message ?? ''))
      sim.violate(`#${pull.number} was merged although ${wrong}.`);
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

  /** What people said against it, or did not say for it. */
  function unsaid({ number }: PullRecord, marker: ExperimentMarker, message: string): string[] {
    const reasons: string[] = [];
    const keeper = keptBy(marker);
    const trailer = /^Kept-by: (.*)$/m.exec(message)?.[1] ?? null;
    if (trailer !== keeper) reasons.push(`${keeper} kept it and its commit names ${trailer}`);
    const word = marker.words.findLast(({ kind }) => kind === 'keep');
    const said = word && spoken.get(word.comment);
    if (keeper !== null && (said?.author !== keeper || said.issue !== number))
      reasons.push('nobody who may write said to keep it');
    if (marker.held !== null && keeper === null) reasons.push('it was held and nobody kept it');
    if (discardedBy(marker) !== null) reasons.push('it was discarded');
    return reasons;
  }

  function unsound(pull: PullRecord, marker: ExperimentMarker): string[] {
    const { campaign, verdict, trials, tree, commit, champion } = marker;
    const measured = trials.filter(({ outcome }) => outcome.status === 'measured');
    const reasons: string[] = [];
    if (pull.author !== model.botLogin) reasons.push('it is not the App’s');
    if (sim.profile.apart && campaignOf(pull.base) !== campaign) reasons.push(`it went into ${pull.base}`);
    if (verdict?.kind !== 'merge') reasons.push(`its verdict is ${verdict?.kind}`);
    if (pull.headSha !== commit) reasons.push('its head is not what was measured');
    const stopped = trials.findLastIndex(({ outcome }) => outcome.status === 'stopped');
    if (stopped > trials.findIndex(({ outcome }) => outcome.status === 'measured'))
      reasons.push('a trial of it was stopped, and no other was taken since');
    if (measured.length < LEAST_TRIALS) reasons.push(`it was measured ${measured.length} times`);
    if (trials.some(trial => trial.tree !== tree || trial.base !== champion.sha))
      reasons.push('a trial measured something else');
    const audited = measured.filter(({ refereed }) => refereed?.audit != null).length;
    if (sim.profile.refereed && audited === 0) reasons.push('none of its numbers was audited');
    if (measured.some(({ refereed }) => (refereed?.audit?.flags.length ?? 0) > 0))
      reasons.push('an audit flagged it');
    return reasons;
  }
}
