/** The mind: from what GitHub shows to the one next action. Pure; every rule of the campaign stands here once. */
import type { Contract } from './contract.ts';
import { describeProblem } from './contract-file.ts';
import {
  attemptsOf,
  championIsMeasured,
  judgeExperiment,
  nextTrial,
  trialParts,
  trialsOf,
  trialsOfTree,
} from './evidence.ts';
import {
  type Attempt,
  BASELINE_TRIALS,
  type Campaign,
  type CampaignState,
  type Experiment,
  MAX_FAILED_PROPOSALS,
  MAX_FAULTS,
  MAX_RESTACKS,
  mean,
  measuredValues,
  type PendingCommand,
  type RecordedTrial,
  type Run,
  type Snapshot,
  trialId,
  type Verdict,
} from './model.ts';

export type Action =
  | { kind: 'answer'; command: PendingCommand }
  | { kind: 'phase'; campaign: Campaign; phase: CampaignState['phase']; reason: string }
  | { kind: 'notify'; campaign: Campaign; key: string; text: string }
  | { kind: 'label'; experiment: Experiment }
  | { kind: 'dispatch'; campaign: Campaign; experiment: Experiment | null; trial: string; seedIndex: number }
  | { kind: 'record'; campaign: Campaign; experiment: Experiment | null; attempt: Attempt }
  | { kind: 'propose'; campaign: Campaign; number: number }
  | { kind: 'restack'; experiment: Experiment }
  /** The marker of a restacked experiment is ahead of its branch. */
  | { kind: 'move'; experiment: Experiment }
  | { kind: 'decide'; experiment: Experiment; verdict: Verdict; trials: RecordedTrial[] }
  | { kind: 'cancel'; run: Run }
  | { kind: 'clean'; branch: string }
  | { kind: 'wait'; seconds: number };

/** A dispatch whose run does not show up in the list of runs for this long is taken for lost. */
export const DISPATCH_LOST_SECONDS = 120;
const NO_RUNNER_NOTICE_SECONDS = 600;
const NO_RUNNER_PAUSE_SECONDS = 3600;
/** How soon to look again while a trial is in flight, where no webhook says so earlier. */
const LOOK_AGAIN_SECONDS = 30;
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
      return { kind: 'notify', campaign, key: STATE_LOST, text: STATE_LOST_TEXT };
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
  return `The contract cannot be read. ${contract.problems.map(describeProblem).join('; ')}`;
}

/** Ends what a kill, a person or a stop left half done. */
function finishLeftovers(snapshot: Snapshot): Action | null {
  for (const experiment of snapshot.experiments) {
    const ended = endedCampaign(snapshot, experiment.marker.campaign);
    const trials = trialsOf(snapshot, experiment);
    if (experiment.state === 'open' && ended) {
      const running = attemptsOf(snapshot, experiment.marker.campaign, experiment.marker.number).find(
        isRunning,
      );
      if (running?.run) return { kind: 'cancel', run: running.run };
      return decide(experiment, trials, 'stopped', 'The campaign was stopped before this idea was judged.');
    }
    if (experiment.state !== 'open' && experiment.marker.verdict === null)
      return decide(
        experiment,
        trials,
        'person',
        `A person ${experiment.state} this pull request before it was judged.`,
      );
  }
  const open = new Set(snapshot.experiments.filter(e => e.state === 'open').map(e => e.branch));
  const leftover = [...snapshot.branches.keys()].find(branch => !open.has(branch));
  return leftover === undefined ? null : { kind: 'clean', branch: leftover };
}

function endedCampaign(snapshot: Snapshot, issue: number): boolean {
  const phase = snapshot.campaigns.find(campaign => campaign.issue === issue)?.state?.phase;
  return phase === 'stopped' || phase === 'finished';
}

function isRunning(attempt: Attempt): boolean {
  return attempt.run !== null && attempt.run.status !== 'completed';
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

type LiveCampaign = Campaign & { state: CampaignState };

/** Campaigns that are running or paused, oldest first. */
function liveCampaigns(snapshot: Snapshot): LiveCampaign[] {
  return snapshot.campaigns
    .filter(
      (campaign): campaign is LiveCampaign =>
        campaign.state?.phase === 'running' || campaign.state?.phase === 'paused',
    )
    .sort((a, b) => a.state.startedAt.localeCompare(b.state.startedAt) || a.issue - b.issue);
}

/** The campaign whose turn it is: the oldest running one. Others on the same base wait. */
export function currentCampaign(snapshot: Snapshot): LiveCampaign | null {
  return liveCampaigns(snapshot).find(campaign => campaign.state.phase === 'running') ?? null;
}

function openExperiments(snapshot: Snapshot, campaign: Campaign): Experiment[] {
  return experimentsOf(snapshot, campaign).filter(experiment => experiment.state === 'open');
}

/** All experiments of a campaign in the order of their numbers. */
export function experimentsOf(snapshot: Snapshot, campaign: Campaign): Experiment[] {
  return snapshot.experiments
    .filter(experiment => experiment.marker.campaign === campaign.issue)
    .sort((a, b) => a.marker.number - b.marker.number);
}

/** The current campaign's next step: judge, measure, or think of something new. */
function advance(snapshot: Snapshot, now: Date): Action | null {
  const campaign = currentCampaign(snapshot);
  if (!campaign || snapshot.contract.kind !== 'contract') return null;
  const contract = snapshot.contract.contract;
  const open = openExperiments(snapshot, campaign);
  const stuck = noRunner(snapshot, campaign, now);
  if (stuck) return stuck;
  if (!championIsMeasured(snapshot)) return measureChampion(snapshot, campaign, now);
  for (const experiment of open) {
    const next = advanceExperiment(snapshot, contract, campaign, experiment, now);
    if (next && next.kind !== 'wait') return next;
  }
  const parallel = campaign.state.parallel ?? contract.parallel;
  if (open.length < parallel) {
    const next = proposeOrFinish(snapshot, contract, campaign, open.length);
    if (next) return next;
  }
  return { kind: 'wait', seconds: LOOK_AGAIN_SECONDS };
}

/** A run that no runner picks up is said after ten minutes, and pauses the campaign after an hour. */
function noRunner(snapshot: Snapshot, campaign: LiveCampaign, now: Date): Action | null {
  for (const attempt of snapshot.attempts.values()) {
    const { run } = attempt;
    if (run?.status !== 'queued' || trialParts(attempt.trial).issue !== campaign.issue) continue;
    const waited = secondsSince(run.createdAt, now);
    const key = `no-runner ${attempt.trial}`;
    if (waited >= NO_RUNNER_PAUSE_SECONDS) {
      const reason = `No runner picked up trial ${attempt.trial} for an hour. Start a self-hosted runner with the labels of the workflow, then comment \`/research resume\`.`;
      return { kind: 'phase', campaign, phase: 'paused', reason };
    }
    if (waited >= NO_RUNNER_NOTICE_SECONDS && !campaign.state.notices.includes(key)) {
      const text = `No runner has picked up trial ${attempt.trial} for ten minutes ([run](${run.url})). Is a self-hosted runner with the labels of the workflow online? After an hour the campaign pauses.`;
      return { kind: 'notify', campaign, key, text };
    }
  }
  return null;
}

/** Baseline trials of the champion; they calibrate the noise. */
function measureChampion(snapshot: Snapshot, campaign: LiveCampaign, now: Date): Action {
  const { tree, sha } = snapshot.base;
  const waiting = waitForAttempt(snapshot, campaign, null, now);
  if (waiting) return waiting;
  const recorded = trialsOfTree(snapshot, tree);
  const recent = campaign.state.baselines
    .slice(campaign.state.forgiven.baselines)
    .filter(trial => trial.tree === tree);
  const crash = recent.find(trial => trial.outcome.status === 'crash');
  if (crash?.outcome.status === 'crash')
    return {
      kind: 'phase',
      campaign,
      phase: 'paused',
      reason: `The champion ${sha.slice(0, 7)} itself crashes (${crash.outcome.reason}: ${crash.outcome.message}). Mend the base branch, then comment \`/research resume\`.`,
    };
  const faults = recent.filter(trial => trial.outcome.status === 'fault');
  const last = faults.at(-1)?.outcome;
  if (faults.length > MAX_FAULTS && last?.status === 'fault')
    return {
      kind: 'phase',
      campaign,
      phase: 'paused',
      reason: `The champion could not be measured: ${faults.length} trials failed through the machine's fault, at last: ${last.message} Mend the runner, then comment \`/research resume\`.`,
    };
  return dispatch(snapshot, campaign, null, recorded);
}

/** One experiment's next step; `wait` while a trial of it is in flight. */
function advanceExperiment(
  snapshot: Snapshot,
  contract: Contract,
  campaign: LiveCampaign,
  experiment: Experiment,
  now: Date,
): Action | null {
  const { marker } = experiment;
  if (experiment.headSha === marker.previous && experiment.headSha !== marker.commit)
    return { kind: 'move', experiment };
  if (experiment.headSha !== marker.commit)
    return {
      kind: 'phase',
      campaign,
      phase: 'paused',
      reason: `Someone pushed to #${experiment.pull}; what it holds now is not what was proposed. Close it or put ${marker.commit.slice(0, 7)} back, then comment \`/research resume\`.`,
    };
  if (!experiment.labelled) return { kind: 'label', experiment };
  const waiting = waitForAttempt(snapshot, campaign, experiment, now);
  if (waiting) return waiting;
  const trials = trialsOf(snapshot, experiment);
  const failure = judgeFailure(experiment, trials);
  if (failure) return failure;
  const moved = marker.champion.sha !== snapshot.base.sha;
  if (measuredValues(trials).length === 0)
    return moved ? restack(experiment, trials) : dispatch(snapshot, campaign, experiment, trials);
  const judgement = judgeExperiment(snapshot, contract, campaign, trials);
  if (judgement.kind === 'incomparable')
    return decide(
      experiment,
      trials,
      'unmeasurable',
      `It ran under other conditions (${judgement.machine}) than the champion, so the two cannot be compared.`,
    );
  const { verdict } = judgement;
  if (verdict.kind === 'close' || !moved)
    if (verdict.kind !== 'again')
      return {
        kind: 'decide',
        experiment,
        trials,
        verdict: {
          kind: verdict.kind,
          reason:
            verdict.kind === 'merge'
              ? 'Better than the champion, and confirmed.'
              : 'Not shown to be better than the champion.',
          value: mean(judgement.value),
          championValue: mean(judgement.champion),
          noise: verdict.noise,
          doubt: verdict.doubt,
        },
      };
  return moved ? restack(experiment, trials) : dispatch(snapshot, campaign, experiment, trials);
}

/** A crash is the candidate's fault and ends it; too many machine faults make it unmeasurable. */
function judgeFailure(experiment: Experiment, trials: RecordedTrial[]): Action | null {
  for (const { outcome } of trials)
    if (outcome.status === 'crash')
      return decide(experiment, trials, 'crash', `It crashed (${outcome.reason}): ${outcome.message}`);
  const faults = trials.filter(trial => trial.outcome.status === 'fault');
  if (faults.length > MAX_FAULTS)
    return decide(
      experiment,
      trials,
      'unmeasurable',
      `${faults.length} trials failed through the machine's fault.`,
    );
  return null;
}

/** Nothing measured on an old base is merged: the idea is made again on the new champion. */
function restack(experiment: Experiment, trials: RecordedTrial[]): Action {
  if (experiment.marker.restacks >= MAX_RESTACKS)
    return decide(
      experiment,
      trials,
      'superseded',
      `The champion moved ${MAX_RESTACKS + 1} times while this idea was measured.`,
    );
  return { kind: 'restack', experiment };
}

/** Null when nothing is in flight; otherwise to wait, or to dispatch again what was lost on the way. */
function waitForAttempt(
  snapshot: Snapshot,
  campaign: Campaign,
  experiment: Experiment | null,
  now: Date,
): Action | null {
  const number = experiment?.marker.number ?? 0;
  const pending = attemptsOf(snapshot, campaign.issue, number).find(attempt => !attempt.check?.measurement);
  if (!pending) return null;
  const lost =
    pending.run === null && secondsSince(pending.check?.startedAt ?? '', now) >= DISPATCH_LOST_SECONDS;
  if (!lost) return { kind: 'wait', seconds: LOOK_AGAIN_SECONDS };
  return {
    kind: 'dispatch',
    campaign,
    experiment,
    trial: pending.trial,
    seedIndex: seedIndex(snapshot, experiment),
  };
}

function dispatch(
  snapshot: Snapshot,
  campaign: Campaign,
  experiment: Experiment | null,
  recorded: RecordedTrial[],
): Action {
  const number = experiment?.marker.number ?? 0;
  const all = [...recorded, ...(experiment ? [] : (campaign.state?.baselines ?? []))];
  const subject = experiment?.marker ?? { campaign: campaign.issue, number, staleTrials: 0 };
  const k = nextTrial(snapshot, subject, all);
  return {
    kind: 'dispatch',
    campaign,
    experiment,
    trial: trialId(campaign.issue, number, k),
    seedIndex: seedIndex(snapshot, experiment),
  };
}

/** Trial k of every tree runs on seed k of the rotation; only measured trials count. */
function seedIndex(snapshot: Snapshot, experiment: Experiment | null): number {
  const trials = experiment ? trialsOf(snapshot, experiment) : trialsOfTree(snapshot, snapshot.base.tree);
  return measuredValues(trials).length % BASELINE_TRIALS;
}

function proposeOrFinish(
  snapshot: Snapshot,
  contract: Contract,
  campaign: LiveCampaign,
  open: number,
): Action | null {
  const experiments = experimentsOf(snapshot, campaign);
  const target = Math.min(campaign.state.target, contract.limits.experiments);
  const { state } = campaign;
  if (experiments.length >= target) {
    if (open > 0) return null;
    const reason =
      target < state.target
        ? `The contract's limit of ${target} experiments was reached.`
        : 'All experiments have a verdict.';
    return { kind: 'phase', campaign, phase: 'finished', reason };
  }
  if (state.failedInARow >= MAX_FAILED_PROPOSALS)
    return {
      kind: 'phase',
      campaign,
      phase: 'paused',
      reason: `${MAX_FAILED_PROPOSALS} proposals in a row came to nothing, at last: ${state.failedProposals.at(-1) ?? ''} Then comment \`/research resume\`.`,
    };
  const tail = experiments.slice(state.forgiven.experiments).slice(-contract.limits.crashes_in_a_row);
  if (tail.length === contract.limits.crashes_in_a_row && tail.every(e => e.marker.verdict?.kind === 'crash'))
    return {
      kind: 'phase',
      campaign,
      phase: 'paused',
      reason: `${tail.length} experiments in a row crashed. Look at the last ones, then comment \`/research resume\`.`,
    };
  return { kind: 'propose', campaign, number: (experiments.at(-1)?.marker.number ?? 0) + 1 };
}

function decide(
  experiment: Experiment,
  trials: RecordedTrial[],
  kind: Verdict['kind'],
  reason: string,
): Action {
  const values = measuredValues(trials);
  const value = values.length > 0 ? mean(values) : null;
  const verdict: Verdict = {
    kind,
    reason: reason.slice(0, 500),
    value,
    championValue: null,
    noise: null,
    doubt: null,
  };
  return { kind: 'decide', experiment, verdict, trials };
}

/** Seconds from an ISO time to now; infinite where the time cannot be read. */
function secondsSince(time: string, now: Date): number {
  const then = Date.parse(time);
  return Number.isNaN(then) ? Number.POSITIVE_INFINITY : (now.getTime() - then) / 1000;
}
