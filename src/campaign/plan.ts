/** The mind: from what GitHub shows to the one next action. Pure; the rules of a campaign stand here and in `advance`. */
import type { Action } from './action.ts';
import { advance } from './advance.ts';
import { describeProblem } from './contract-file.ts';
import { conclude } from './judge.ts';
import type { Campaign, Experiment, Snapshot } from './model.ts';
import { attemptsOf, experimentsOf, liveCampaigns, openExperiments, trialsOf } from './queries.ts';
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
    advance(snapshot, now) ?? { kind: 'wait', seconds: IDLE_SECONDS }
  );
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
    if (phase === 'running' && snapshot.contract.kind !== 'contract')
      return { kind: 'phase', campaign, phase: 'paused', reason: contractReason(snapshot) };
  }
  return null;
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
    } else if (experiment.marker.verdict === null) {
      const reason = `A person ${experiment.state} this pull request before it was judged.`;
      return conclude(experiment, trialsOf(snapshot, experiment), 'person', reason);
    }
  }
  const open = new Set(snapshot.experiments.filter(e => e.state === 'open').map(e => e.branch));
  const leftover = [...snapshot.branches.keys()].find(branch => !open.has(branch));
  return leftover === undefined ? null : { kind: 'clean', branch: leftover };
}

/** Cancels the run of an experiment whose campaign has ended, then closes it with what was measured. */
function closeStopped(snapshot: Snapshot, campaign: Campaign, experiment: Experiment): Action {
  const { marker } = experiment;
  for (const attempt of attemptsOf(snapshot, marker.campaign, marker.number)) {
    if (attempt.check?.measurement || !attempt.run) continue;
    if (attempt.run.status !== 'completed') return { kind: 'cancel', run: attempt.run };
    return { kind: 'record', campaign, experiment, attempt };
  }
  const reason = 'The campaign was stopped before this idea was judged.';
  return conclude(experiment, trialsOf(snapshot, experiment), 'stopped', reason);
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
