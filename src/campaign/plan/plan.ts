/** Decides the one next action from a snapshot of GitHub. Pure. The rules for the current campaign's experiments are in `advance`. */

import { describeProblem } from '../../protocol/contract-file.ts';
import { quote } from '../../text/markdown.ts';
import type { Action } from '../action.ts';
import { type Campaign, type Experiment, isKnown, type Snapshot } from '../model.ts';
import { repeatedRunKey, STATE_LOST_KEY } from '../notice.ts';
import { canResume, discardedBy } from '../people.ts';
import { ended, paused, RUNNING } from '../phase.ts';
import { attemptsOf, experimentsOf, liveCampaigns, openExperiments, trialsOf } from '../queries.ts';
import { trialParts } from '../trial-id.ts';
import { advance } from './advance.ts';
import { maintainBase } from './base-branch.ts';
import { conclude } from './conclude.ts';
import { isLost } from './dispatch.ts';
import { promote } from './promotion.ts';
import { digest, reportEnd } from './report.ts';
import { writeOff } from './write-off.ts';

const IDLE_SECONDS = 300;

const STATE_LOST_TEXT =
  'The status comment of this campaign was deleted or its hidden marker cannot be read, so this campaign is paused. To continue with N more experiments, comment `/research N`; existing experiments are kept.';

/** Decides the next action. The first rule that applies wins. What strangers want comes last. */
export function plan(snapshot: Snapshot, now: Date): Action {
  return (
    answerCommands(snapshot) ??
    stopOrPause(snapshot) ??
    relabel(snapshot) ??
    reportRepeatedRun(snapshot) ??
    closeLeftovers(snapshot, now) ??
    recordResults(snapshot) ??
    removeDuplicate(snapshot) ??
    writeOff(snapshot, now) ??
    maintainBase(snapshot) ??
    creditPart(snapshot) ??
    cleanOrWait(snapshot, advance(snapshot, now), now)
  );
}

/**
 * When there is nothing else to do: closes the check runs of lost trials of the champion that are not needed any more, deletes the
 * branches of settled experiments, reports what campaigns came to, and opens promotions.
 */
function cleanOrWait(snapshot: Snapshot, next: Action | null, now: Date): Action {
  if (next && next.kind !== 'wait') return next;
  for (const attempt of snapshot.attempts.values()) {
    const { trial, check } = attempt;
    if (trialParts(trial).experiment === 0 && check && !check.completed && isLost(attempt, now))
      return { kind: 'tidy', duplicate: { kind: 'check', id: check.id, trial } };
  }
  const settled = snapshot.experiments.find(
    ({ state, branch, headSha, marker }) =>
      state !== 'open' &&
      snapshot.branches.get(branch) === headSha &&
      headSha === marker.commit &&
      !snapshot.offered.has(branch),
  );
  if (settled) return { kind: 'clean', branch: settled.branch, sha: settled.headSha };
  const told = reportEnd(snapshot) ?? promote(snapshot) ?? digest(snapshot, now);
  if (told) return told;
  const stranger = snapshot.commands.find(({ permitted }) => !permitted);
  if (stranger) {
    const { issue } = stranger;
    const commands = snapshot.commands.filter(command => !command.permitted && command.issue === issue);
    return { kind: 'deny', issue, commands };
  }
  return next ?? { kind: 'wait', seconds: IDLE_SECONDS };
}

function answerCommands(snapshot: Snapshot): Action | null {
  const command = snapshot.commands.find(({ permitted }) => permitted);
  return command ? { kind: 'answer', command } : null;
}

/** A campaign without a readable contract pauses. A campaign whose issue was closed stops. */
function stopOrPause(snapshot: Snapshot): Action | null {
  for (const campaign of snapshot.campaigns) {
    if (!isKnown(campaign)) {
      if (experimentsOf(snapshot, campaign).length > 0 && !campaign.notices.includes(STATE_LOST_KEY))
        return { kind: 'notify', campaign, key: STATE_LOST_KEY, text: STATE_LOST_TEXT, pause: false };
      continue;
    }
    const { phase } = campaign.state;
    if (!campaign.issueOpen && (phase === 'running' || phase === 'paused'))
      return { kind: 'phase', campaign, ...ended('stopped', 'The issue was closed.') };
    const unreadable = snapshot.unreadable.find(found => found.open && found.campaign === campaign.issue);
    if (phase === 'running' && unreadable)
      return { kind: 'phase', campaign, ...paused(unreadableReason(unreadable.pull)) };
    if (canResume(snapshot, campaign)) return { kind: 'phase', campaign, ...RUNNING };
    if (phase === 'running' && snapshot.contract.kind !== 'contract')
      return { kind: 'phase', campaign, ...paused(contractReason(snapshot)) };
  }
  return null;
}

/** The parts of a merged stack learn of it. */
function creditPart({ experiments }: Snapshot): Action | null {
  for (const stack of experiments) {
    if (stack.state !== 'merged') continue;
    const part = experiments.find(({ pull, stacked }) => stack.marker.parts.includes(pull) && !stacked);
    if (part) return { kind: 'credit', part, stack };
  }
  return null;
}

/** Without its label, a campaign would not be found after a restart. */
function relabel(snapshot: Snapshot): Action | null {
  const campaign = liveCampaigns(snapshot).find(({ labelled }) => !labelled);
  return campaign ? { kind: 'relabel', campaign } : null;
}

function unreadableReason(pull: number): string {
  return `The hidden marker in the description of #${pull} is missing or unreadable, so the experiment cannot be identified. Restore an earlier version of the description from its edit history or close the pull request, then comment \`/research resume\`.`;
}

function contractReason(snapshot: Snapshot): string {
  const { contract } = snapshot;
  if (contract.kind !== 'problems')
    return 'The contract `.github/research.yml` is missing on the base branch. Restore it, then comment `/research resume`.';
  const problems = contract.problems.map(problem => quote(describeProblem(problem), 300)).join('; ');
  return `The contract cannot be read: ${problems}. Fix it, then comment \`/research resume\`.`;
}

/** A trial's first result counts. Whoever runs its workflow again by hand is told how to get another trial. */
function reportRepeatedRun(snapshot: Snapshot): Action | null {
  for (const run of snapshot.repeated) {
    const { title } = run;
    const campaign = liveCampaigns(snapshot).find(({ issue }) => issue === trialParts(title).issue);
    const key = repeatedRunKey(run);
    if (!campaign || campaign.state.notices.includes(key)) continue;
    const text = `Trial ${title} was run again by hand, but only its first result counts. For another trial, comment \`/research rerun\` on the experiment's pull request.`;
    return { kind: 'notify', campaign, key, text, pause: false };
  }
  return null;
}

/** Closes experiments that were discarded, stopped or settled by a person, and deletes branches left without a pull request. */
function closeLeftovers(snapshot: Snapshot, now: Date): Action | null {
  for (const experiment of snapshot.experiments) {
    if (experiment.state === 'open') {
      const campaign = snapshot.campaigns.find(({ issue }) => issue === experiment.marker.campaign);
      const over = campaign?.state?.phase === 'stopped' || campaign?.state?.phase === 'finished';
      const discarder = discardedBy(experiment.marker);
      if ((over || discarder !== null) && isStarting(snapshot, experiment, now)) continue;
      if (campaign && discarder !== null)
        return closeUnjudged(snapshot, campaign, experiment, 'person', `Discarded by ${discarder}.`);
      if (campaign && over) return closeUnjudged(snapshot, campaign, experiment, 'stopped', STOPPED);
    } else if (experiment.marker.verdict === null || isUnmerged(experiment)) {
      const reason = `A person ${experiment.state} this pull request before it had a verdict.`;
      return conclude(experiment, trialsOf(snapshot, experiment), 'person', reason);
    }
  }
  const [leftover] = snapshot.leftovers;
  return leftover === undefined
    ? null
    : { kind: 'clean', branch: leftover, sha: snapshot.branches.get(leftover) ?? '' };
}

/** Whether it was about to be merged when a person closed it. */
function isUnmerged({ state, marker }: Experiment): boolean {
  return state === 'closed' && marker.verdict?.kind === 'merge';
}

const STOPPED = 'The campaign ended before this experiment had a verdict.';

/** A run that was just dispatched and does not appear in a list yet cannot be cancelled. */
function isStarting(snapshot: Snapshot, { marker }: Experiment, now: Date): boolean {
  return attemptsOf(snapshot, marker.campaign, marker.number).some(
    attempt => attempt.run === null && attempt.check?.measurement === null && !isLost(attempt, now),
  );
}

/** Closes an experiment without asking the gate: keeps what was measured, and cancels trials in flight. */
function closeUnjudged(
  snapshot: Snapshot,
  campaign: Campaign,
  experiment: Experiment,
  kind: 'person' | 'stopped',
  reason: string,
): Action {
  const { marker } = experiment;
  const attempts = attemptsOf(snapshot, marker.campaign, marker.number).filter(a => !a.check?.measurement);
  const finished = attempts.find(attempt => attempt.run?.status === 'completed');
  if (finished && snapshot.contract.kind === 'contract') {
    const { contract } = snapshot.contract;
    return { kind: 'record', campaign, contract, experiment, attempt: finished };
  }
  return { ...conclude(experiment, trialsOf(snapshot, experiment), kind, reason), unfinished: attempts };
}

function removeDuplicate({ duplicates: [duplicate] }: Snapshot): Action | null {
  return duplicate ? { kind: 'tidy', duplicate } : null;
}

/** Records finished runs in check runs, and trials that are no experiment's in the campaign's marker. */
function recordResults(snapshot: Snapshot): Action | null {
  // Without a contract, it is unknown what was measured.
  if (snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  for (const campaign of liveCampaigns(snapshot)) {
    const subjects = [
      { number: 0, experiment: null },
      ...campaign.state.finals.map(({ number }) => ({ number, experiment: null })),
      ...openExperiments(snapshot, campaign).map(experiment => ({
        number: experiment.marker.number,
        experiment,
      })),
    ];
    for (const { number, experiment } of subjects) {
      for (const attempt of attemptsOf(snapshot, campaign.issue, number)) {
        const measured = attempt.check?.measurement != null;
        if (measured ? experiment === null : attempt.run?.status === 'completed')
          return { kind: 'record', campaign, contract, experiment, attempt };
      }
    }
  }
  return null;
}
