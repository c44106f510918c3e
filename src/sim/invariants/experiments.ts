/** No experiment twice, none too many, none decided twice, none outside the editable files. */
import type { Command } from '../../campaign/command.ts';
import type { ExperimentMarker } from '../../campaign/marker.ts';
import { commandOf } from '../../github/observe/commands.ts';
import { SETTINGS } from '../landscape.ts';
import type { Branch, PullRecord } from '../model/state.ts';
import { campaignOf, isProposed, markerOf, pullsOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

/** Commands that ask for one experiment more. */
const MORE_BY_ONE: ReadonlySet<Command['kind']> = new Set(['try', 'rerun', 'stack', 'undo']);
const EXPERIMENT_BRANCH = /^research\/\d+\/\d+$/;

export function watchExperiments({ sim, model, allowed }: Rules): Rule {
  /** Experiments that people with permission asked for, by issue and comment. Of a comment that is edited in time, any version may be taken. */
  const granted = new Map<number, Map<number, number>>();
  /** Pull requests that a person ended. */
  const endedByPerson = new Set<number>();
  /** Pull requests whose verdict one App lost that wrote at the same moment as the one that judged, or whose branch it took for a leftover. */
  const overwritten = new Set<number>();
  /** Comments that discard an experiment, with its pull request. */
  const discards = new Map<number, number>();
  return change => {
    if (change.table === 'comments' && change.after) {
      const { author, issue } = change.after;
      const command = ['admin', 'write'].includes(model.permissions.get(author) ?? '')
        ? commandOf(change.after, model.botLogin)
        : null;
      if (command?.kind === 'command') grant(issue, command.command, change.after.id);
    }
    if (change.table === 'pulls' && change.actor !== model.botLogin && isEnd(change))
      endedByPerson.add(change.after?.number ?? 0);
    if (change.actor !== model.botLogin) return;
    if (change.table === 'branches' && change.after && EXPERIMENT_BRANCH.test(change.after.name))
      checkBranch(change.after);
    if (change.table !== 'pulls' || !change.after || campaignOf(change.after.branch) !== null) return;
    if (change.before) checkDecided(change.before, change.after);
    else checkOpened(change.after);
  };

  function grant(where: number, command: Command, comment: number): void {
    const pull = model.pulls.get(where);
    const more = command.kind === 'start' ? command.experiments : MORE_BY_ONE.has(command.kind) ? 1 : 0;
    const issue = pull ? Number(pull.branch.split('/')[1]) : where;
    const asked = granted.get(issue) ?? new Map<number, number>();
    granted.set(issue, asked.set(comment, Math.max(more, asked.get(comment) ?? 0)));
    if (command.kind === 'discard') discards.set(comment, where);
  }

  function checkOpened(pull: PullRecord): void {
    sim.tally.experiments++;
    const marker = markerOf(pull);
    if (!marker) return void sim.violate(`#${pull.number} was opened without a marker.`);
    const all = pullsOf(model, marker.campaign);
    if (all.some(({ number, branch }) => number !== pull.number && branch === pull.branch))
      sim.violate(`Two pull requests were opened for ${pull.branch}.`);
    // What people want again is measured again.
    const own = isProposed(marker) ? all.filter(({ state }) => state === 'open') : [];
    const same = own.filter(each => isSame(markerOf(each), marker));
    if (same.length > allowed(1))
      sim.violate(`${same.length} open experiments are the same change of the same champion.`);
    // What crashed next to a machine error is tried again, once.
    const again = all.filter(each => (markerOf(each)?.asked?.comment ?? 0) < 0).length;
    const asked = [...(granted.get(marker.campaign)?.values() ?? [])].reduce((sum, more) => sum + more, 0);
    const limit = Math.min(sim.profile.experimentsLimit, asked + again);
    if (all.length > limit)
      sim.violate(`Campaign #${marker.campaign} has ${all.length} experiments, asked for were ${limit}.`);
    // What waits for people needs no runner.
    const open = all.filter(each => each.state === 'open' && markerOf(each)?.held == null).length;
    // Of two Apps each may open one before it sees the other's.
    if (open > sim.profile.parallel + (sim.profile.twoApps ? 1 : 0))
      sim.violate(`${open} experiments are open at once, parallel is ${sim.profile.parallel}.`);
  }

  function checkBranch({ name, sha }: Branch): void {
    const commit = model.git.commit(sha);
    const parent = model.git.commit(commit?.parents[0] ?? '');
    if (!commit || !parent || commit.parents.length !== 1)
      return void sim.violate(`${name} is not one commit on top of a champion.`);
    const touched = model.git.changed(parent.tree, commit.tree);
    if (touched.length === 0 || touched.some(path => path !== SETTINGS))
      sim.violate(`${name} touches ${touched.join(', ') || 'nothing'}, editable is ${SETTINGS}.`);
    if (!commit.message.includes('[skip ci]'))
      sim.violate(`${name} would run the repository's other workflows.`);
  }

  function checkDecided(before: PullRecord, after: PullRecord): void {
    const [old, now] = [markerOf(before), markerOf(after)];
    if (!now) return;
    const [was, is] = [old?.verdict?.kind, now.verdict?.kind];
    if (sim.profile.twoApps && isEnd({ before, after }) && is === undefined) overwritten.add(after.number);
    const discarded = now.words.some(({ comment }) => discards.get(comment) === after.number);
    const isTold = discarded || endedByPerson.has(after.number) || overwritten.has(after.number);
    if (is === 'person' && !isTold)
      sim.violate(`#${after.number} is said to have been ended by a person, and none did.`);
    // A verdict is final once the pull request has ended; one to merge that a person closed instead is not carried out.
    if (before.state === 'open' || was === undefined || was === is) return;
    if (was === 'merge' && before.state === 'closed') return;
    if (is === undefined && sim.profile.twoApps) return void overwritten.add(after.number);
    sim.violate(`#${after.number} was decided twice: ${was}, then ${is}.`);
  }
}

function isEnd({
  before,
  after,
}: {
  before: PullRecord | undefined;
  after: PullRecord | undefined;
}): boolean {
  return before?.state === 'open' && after?.state !== 'open';
}

function isSame(one: ExperimentMarker | null, other: ExperimentMarker): boolean {
  if (one === null || !isProposed(one)) return false;
  return one.tree === other.tree && one.champion.sha === other.champion.sha;
}
