/** What was measured: the trials of a tree, of an experiment, of a campaign, gathered from markers and trials in flight. */
import type { Contract } from './contract.ts';
import { type GateVerdict, judge } from './gate.ts';
import type { Measurement } from './measurement.ts';
import {
  type Attempt,
  BASELINE_TRIALS,
  type Campaign,
  type Experiment,
  measuredValues,
  type RecordedTrial,
  type Snapshot,
} from './model.ts';

/** Numbers of a trial id `<issue>/<experiment>.<k>`. */
export function trialParts(id: string): { issue: number; experiment: number; k: number } {
  const [issue = 0, experiment = 0, k = 0] = id.split(/[/.]/).map(Number);
  return { issue, experiment, k };
}

/** Trials in flight of one experiment (0: the champion) of one campaign, oldest first. */
export function attemptsOf(snapshot: Snapshot, issue: number, experiment: number): Attempt[] {
  return [...snapshot.attempts.values()]
    .filter(attempt => {
      const parts = trialParts(attempt.trial);
      return parts.issue === issue && parts.experiment === experiment;
    })
    .sort((a, b) => trialParts(a.trial).k - trialParts(b.trial).k);
}

/** Completed trials of an experiment: those in its marker and those whose check run is complete. */
export function trialsOf(snapshot: Snapshot, experiment: Experiment): RecordedTrial[] {
  const { marker } = experiment;
  const known = new Set(marker.trials.map(trial => trial.trial));
  const fresh = attemptsOf(snapshot, marker.campaign, marker.number).flatMap(attempt =>
    attempt.check?.measurement && !known.has(attempt.trial) ? [attempt.check.measurement] : [],
  );
  return [...marker.trials, ...fresh];
}

/** Every trial that measured `tree`, in any campaign. A squash commit inherits its tree's trials. */
export function trialsOfTree(snapshot: Snapshot, tree: string): RecordedTrial[] {
  const baselines = snapshot.campaigns.flatMap(campaign => campaign.state?.baselines ?? []);
  const candidates = snapshot.experiments.flatMap(experiment => trialsOf(snapshot, experiment));
  return [...baselines, ...candidates].filter(trial => trial.tree === tree);
}

/** Number for the next trial of an experiment (0: the champion): one more than any that was ever started. */
export function nextTrial(
  snapshot: Snapshot,
  subject: { campaign: number; number: number; staleTrials: number },
  recorded: readonly Measurement[],
): number {
  const started = [
    ...recorded.map(trial => trial.trial),
    ...attemptsOf(snapshot, subject.campaign, subject.number).map(attempt => attempt.trial),
  ].map(trialParts);
  const own = started.filter(t => t.issue === subject.campaign && t.experiment === subject.number);
  return 1 + Math.max(subject.staleTrials, ...own.map(t => t.k));
}

/** Whether the champion has trials enough to judge a candidate: its own baselines, or those of the experiment it was. */
export function championIsMeasured(snapshot: Snapshot): boolean {
  const { tree } = snapshot.base;
  const inherited = snapshot.experiments.some(e => e.state === 'merged' && e.marker.tree === tree);
  return measuredValues(trialsOfTree(snapshot, tree)).length >= (inherited ? 1 : BASELINE_TRIALS);
}

/** Mean-ready values of the champion; empty while it was not measured. */
export function championValues(snapshot: Snapshot): number[] {
  return measuredValues(trialsOfTree(snapshot, snapshot.base.tree));
}

/** Only equal classes of machine and equal digests are ever compared. */
function comparable(a: Measurement, b: Measurement): boolean {
  return a.machine === b.machine && a.digest === b.digest && a.budgetSeconds === b.budgetSeconds;
}

export type Judgement =
  | { kind: 'judged'; verdict: GateVerdict; value: number[]; champion: number[] }
  /** No champion trial was taken under the candidate's conditions. */
  | { kind: 'incomparable'; machine: string };

/**
 * Puts an experiment's trials before the gate.
 * @param trials at least one of them measured
 */
export function judgeExperiment(
  snapshot: Snapshot,
  contract: Contract,
  campaign: Campaign,
  trials: readonly RecordedTrial[],
): Judgement {
  const first = trials.find(trial => trial.outcome.status === 'measured');
  if (!first) throw new RangeError('Expected at least one measured trial to judge.');
  const like = (trial: Measurement) => comparable(trial, first);
  const champion = measuredValues(trialsOfTree(snapshot, snapshot.base.tree).filter(like));
  if (champion.length === 0) return { kind: 'incomparable', machine: first.machine };
  const value = measuredValues(trials.filter(like));
  const verdict = judge({
    goal: contract.metric.goal,
    champion,
    candidate: value,
    groups: groupsByTree(snapshot, campaign, trials).map(group => measuredValues(group.filter(like))),
    falseMerges: contract.gate.false_merges,
    maxTrials: contract.gate.max_trials,
  });
  return { kind: 'judged', verdict, value, champion };
}

/** The campaign's trials in groups of one tree: what the noise is learned from. */
function groupsByTree(
  snapshot: Snapshot,
  campaign: Campaign,
  more: readonly RecordedTrial[],
): RecordedTrial[][] {
  const seen = new Map<string, RecordedTrial>();
  const experiments = snapshot.experiments.filter(e => e.marker.campaign === campaign.issue);
  for (const trial of [
    ...(campaign.state?.baselines ?? []),
    ...experiments.flatMap(e => e.marker.trials),
    ...more,
  ])
    seen.set(trial.trial, trial);
  return [...Map.groupBy(seen.values(), trial => trial.tree).values()];
}
