/** The mind: from what GitHub shows to the one next action. Pure; the rules of a campaign stand here and in `advance`. */

import { describeProblem } from '../../protocol/contract-file.ts';
import type { Action } from '../action.ts';
import { type Campaign, type Experiment, isKnown, type Snapshot } from '../model.ts';
import { repeatedRunKey, STATE_LOST_KEY } from '../notice.ts';
import { tendBase } from '../own-branch.ts';
import { discardedBy, mayGoOn } from '../people.ts';
import { ended, paused, RUNNING } from '../phase.ts';
import {
  attemptsOf,
  experimentsOf,
  liveCampaigns,
  openExperiments,
  trialParts,
  trialsOf,
} from '../queries.ts';
import { quote } from '../quote.ts';
import { advance } from './advance.ts';
import { conclude } from './conclude.ts';
import { isLost } from './dispatch.ts';
import { promote } from './promotion.ts';
import { writeOff } from './write-off.ts';

const IDLE_SECONDS = 300;

const STATE_LOST_TEXT =
  'The status comment of this campaign was deleted or its hidden part cannot be read, so I take the campaign for paused. Comment `/research N` to go on with N more experiments; those that exist are kept.';

/** Decides what to do next. The first rule that applies wins. */
export function plan(snapshot: Snapshot, now: Date): Action {
  return (
    answerCommands(snapshot) ??
    stopWhatMustStop(snapshot) ??
    relabel(snapshot) ??
    sayRepeated(snapshot) ??
    finishLeftovers(snapshot, now) ??
    recordResults(snapshot) ??
    tidyUp(snapshot) ??
    writeOff(snapshot, now) ??
    tendBase(snapshot) ??
    cleanOrWait(snapshot, advance(snapshot, now), now)
  );
}

/**
 * When there is nothing better to do: deletes the branches of settled experiments, closes the checks of trials of the champion that got
 * lost on the way and that nobody needs any more, and opens what campaigns have to show.
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
  const promotion = promote(snapshot);
  if (promotion) return promotion;
  return next ?? { kind: 'wait', seconds: IDLE_SECONDS };
}

function answerCommands(snapshot: Snapshot): Action | null {
  const command = snapshot.commands[0];
  return command ? { kind: 'answer', command } : null;
}

/** A campaign without a readable contract pauses; a campaign whose issue is closed stops, with what it has open. */
function stopWhatMustStop(snapshot: Snapshot): Action | null {
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
    if (mayGoOn(snapshot, campaign)) return { kind: 'phase', campaign, ...RUNNING };
    if (phase === 'running' && snapshot.contract.kind !== 'contract')
      return { kind: 'phase', campaign, ...paused(contractReason(snapshot)) };
  }
  return null;
}

/** A campaign without its label would not be found again after a restart. */
function relabel(snapshot: Snapshot): Action | null {
  const campaign = liveCampaigns(snapshot).find(({ labelled }) => !labelled);
  return campaign ? { kind: 'relabel', campaign } : null;
}

function unreadableReason(pull: number): string {
  return `The hidden part of the description of #${pull} is gone, so I do not know what it is. Put an earlier version of the description back, or close the pull request, then comment \`/research resume\`.`;
}

function contractReason(snapshot: Snapshot): string {
  const { contract } = snapshot;
  if (contract.kind !== 'problems') return 'There is no `.github/research.yml` on the base branch any more.';
  return `The contract cannot be read. ${contract.problems.map(problem => quote(describeProblem(problem), 300)).join('; ')}`;
}

/** A result that counts no more than once: whoever runs a workflow again is told how to take a trial that counts. */
function sayRepeated(snapshot: Snapshot): Action | null {
  for (const run of snapshot.repeated) {
    const { title } = run;
    const campaign = liveCampaigns(snapshot).find(({ issue }) => issue === trialParts(title).issue);
    const key = repeatedRunKey(run);
    if (!campaign || campaign.state.notices.includes(key)) continue;
    const text = `Trial ${title} was run again by hand. Its first result counts, and this one does not. \`/research rerun\` on an experiment’s pull request takes another trial that counts.`;
    return { kind: 'notify', campaign, key, text, pause: false };
  }
  return null;
}

/** Ends what a kill, a person or a stop left half done. */
function finishLeftovers(snapshot: Snapshot, now: Date): Action | null {
  for (const experiment of snapshot.experiments) {
    if (experiment.state === 'open') {
      const campaign = snapshot.campaigns.find(({ issue }) => issue === experiment.marker.campaign);
      const over = campaign?.state?.phase === 'stopped' || campaign?.state?.phase === 'finished';
      const opponent = discardedBy(experiment.marker);
      if ((over || opponent !== null) && isStarting(snapshot, experiment, now)) continue;
      if (campaign && opponent !== null)
        return closeUnjudged(snapshot, campaign, experiment, 'person', `Discarded by ${opponent}.`);
      if (campaign && over) return closeUnjudged(snapshot, campaign, experiment, 'stopped', STOPPED);
    } else if (experiment.marker.verdict === null || isUnmerged(experiment)) {
      const reason = `A person ${experiment.state} this pull request before it was judged.`;
      return conclude(experiment, trialsOf(snapshot, experiment), 'person', reason);
    }
  }
  const [leftover] = snapshot.leftovers;
  return leftover === undefined
    ? null
    : { kind: 'clean', branch: leftover, sha: snapshot.branches.get(leftover) ?? '' };
}

/** It was to be merged, and a person closed it instead. */
function isUnmerged({ state, marker }: Experiment): boolean {
  return state === 'closed' && marker.verdict?.kind === 'merge';
}

const STOPPED = 'The campaign was stopped before this idea was judged.';

/** A run that was just dispatched and is in no list yet cannot be cancelled yet. */
function isStarting(snapshot: Snapshot, { marker }: Experiment, now: Date): boolean {
  return attemptsOf(snapshot, marker.campaign, marker.number).some(
    attempt => attempt.run === null && attempt.check?.measurement === null && !isLost(attempt, now),
  );
}

/** Closes an experiment that the gate has no say in any more with what was measured, and gives up what is in flight. */
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

function tidyUp({ duplicates: [duplicate] }: Snapshot): Action | null {
  return duplicate ? { kind: 'tidy', duplicate } : null;
}

/** Copies finished runs into check runs, and champion trials on into the campaign's marker. */
function recordResults(snapshot: Snapshot): Action | null {
  // Without a contract nobody knows what was measured.
  if (snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  for (const campaign of liveCampaigns(snapshot)) {
    for (const experiment of [null, ...openExperiments(snapshot, campaign)]) {
      for (const attempt of attemptsOf(snapshot, campaign.issue, experiment?.marker.number ?? 0)) {
        const measured = attempt.check?.measurement != null;
        if (measured ? experiment === null : attempt.run?.status === 'completed')
          return { kind: 'record', campaign, contract, experiment, attempt };
      }
    }
  }
  return null;
}
