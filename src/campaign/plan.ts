/** The mind: from what GitHub shows to the one next action. Pure; the rules of a campaign stand here and in `advance`. */
import type { Action } from './action.ts';
import { advance } from './advance.ts';
import { describeProblem } from './contract-file.ts';
import { conclude } from './judge.ts';
import { branchName, type Campaign, type Experiment, type Snapshot } from './model.ts';
import {
  attemptsOf,
  experimentsOf,
  liveCampaigns,
  nextNumber,
  openExperiments,
  trialsOf,
} from './queries.ts';
import { quote } from './quote.ts';

const IDLE_SECONDS = 300;

const STATE_LOST = 'state lost';
const STATE_LOST_TEXT =
  'The status comment of this campaign was deleted or its hidden part cannot be read, so I take the campaign for paused. Comment `/research N` to go on with N more experiments; those that exist are kept.';

/** Decides what to do next. The first rule that applies wins. */
export function plan(snapshot: Snapshot, now: Date): Action {
  return (
    answerCommands(snapshot) ??
    stopWhatMustStop(snapshot) ??
    finishLeftovers(snapshot) ??
    recordResults(snapshot) ??
    tidyUp(snapshot) ??
    cleanOrWait(snapshot, advance(snapshot, now))
  );
}

/** Deletes the branches of settled experiments when there is nothing better to do. */
function cleanOrWait(snapshot: Snapshot, next: Action | null): Action {
  if (next && next.kind !== 'wait') return next;
  const settled = snapshot.experiments.find(
    e => e.state !== 'open' && snapshot.branches.get(e.branch) === e.headSha && e.headSha === e.marker.commit,
  );
  if (settled) return { kind: 'clean', branch: settled.branch };
  return next ?? { kind: 'wait', seconds: IDLE_SECONDS };
}

function answerCommands(snapshot: Snapshot): Action | null {
  const command = snapshot.commands[0];
  return command ? { kind: 'answer', command } : null;
}

/** A campaign without a readable contract pauses; a campaign whose issue is closed stops, with what it has open. */
function stopWhatMustStop(snapshot: Snapshot): Action | null {
  for (const campaign of snapshot.campaigns) {
    const phase = campaign.state?.phase;
    if (
      campaign.state === null &&
      experimentsOf(snapshot, campaign).length > 0 &&
      !campaign.notices.includes(STATE_LOST)
    )
      return { kind: 'notify', campaign, key: STATE_LOST, text: STATE_LOST_TEXT, pause: false };
    if (!campaign.issueOpen && (phase === 'running' || phase === 'paused'))
      return { kind: 'phase', campaign, phase: 'stopped', reason: 'The issue was closed.' };
    const unreadable = snapshot.unreadable.find(found => found.open && found.campaign === campaign.issue);
    if (phase === 'running' && unreadable)
      return { kind: 'phase', campaign, phase: 'paused', reason: unreadableReason(unreadable.pull) };
    if (phase === 'running' && snapshot.contract.kind !== 'contract')
      return { kind: 'phase', campaign, phase: 'paused', reason: contractReason(snapshot) };
  }
  return null;
}

function unreadableReason(pull: number): string {
  return `The hidden part of the description of #${pull} is gone, so I do not know what it is. Put an earlier version of the description back, or close the pull request, then comment \`/research resume\`.`;
}

function contractReason(snapshot: Snapshot): string {
  const { contract } = snapshot;
  if (contract.kind !== 'problems') return 'There is no `.github/research.yml` on the base branch any more.';
  return `The contract cannot be read. ${contract.problems.map(problem => quote(describeProblem(problem), 300)).join('; ')}`;
}

/** Ends what a kill, a person or a stop left half done. */
function finishLeftovers(snapshot: Snapshot): Action | null {
  for (const experiment of snapshot.experiments) {
    if (experiment.state === 'open') {
      const campaign = snapshot.campaigns.find(({ issue }) => issue === experiment.marker.campaign);
      const ended = campaign?.state?.phase === 'stopped' || campaign?.state?.phase === 'finished';
      if (campaign && ended) return closeStopped(snapshot, campaign, experiment);
    } else if (experiment.marker.verdict === null || isUnmerged(experiment)) {
      const reason = `A person ${experiment.state} this pull request before it was judged.`;
      return conclude(experiment, trialsOf(snapshot, experiment), 'person', reason);
    }
  }
  const orphan = snapshot.campaigns
    .map(campaign => branchName(campaign.issue, nextNumber(snapshot, campaign)))
    .find(branch => snapshot.branches.has(branch));
  return orphan === undefined ? null : { kind: 'clean', branch: orphan };
}

/** It was to be merged, and a person closed it instead. */
function isUnmerged({ state, marker }: Experiment): boolean {
  return state === 'closed' && marker.verdict?.kind === 'merge';
}

/** Closes an experiment whose campaign has ended with what was measured, and gives up what is in flight. */
function closeStopped(snapshot: Snapshot, campaign: Campaign, experiment: Experiment): Action {
  const { marker } = experiment;
  const attempts = attemptsOf(snapshot, marker.campaign, marker.number).filter(a => !a.check?.measurement);
  const finished = attempts.find(attempt => attempt.run?.status === 'completed');
  if (finished) return { kind: 'record', campaign, experiment, attempt: finished };
  const reason = 'The campaign was stopped before this idea was judged.';
  return { ...conclude(experiment, trialsOf(snapshot, experiment), 'stopped', reason), unfinished: attempts };
}

function tidyUp({ duplicates: [duplicate] }: Snapshot): Action | null {
  return duplicate ? { kind: 'tidy', duplicate } : null;
}

/** Copies finished runs into check runs, and champion trials on into the campaign's marker. */
function recordResults(snapshot: Snapshot): Action | null {
  for (const campaign of liveCampaigns(snapshot)) {
    for (const experiment of [null, ...openExperiments(snapshot, campaign)]) {
      for (const attempt of attemptsOf(snapshot, campaign.issue, experiment?.marker.number ?? 0)) {
        const measured = attempt.check?.measurement != null;
        if (measured ? experiment === null : attempt.run?.status === 'completed')
          return { kind: 'record', campaign, experiment, attempt };
      }
    }
  }
  return null;
}
