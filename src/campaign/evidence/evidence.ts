/** What was measured, gathered from markers and check runs, and what the gate says of it. */

import { baselinesNeeded } from '../../gate/baselines.ts';
import { type GateRules, type GateVerdict, judge, worstPromising } from '../../gate/gate.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Measurement } from '../../protocol/measurement.ts';
import type { RecordedTrial, Verdict } from '../marker.ts';
import { type Campaign, type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { attemptsOf, trialsOf } from '../queries.ts';
import { trialParts } from '../trial-id.ts';
import { hadAlike, isDisturbed, isSameKind, withoutSlow } from './disturbance.ts';
import { historyOf, nearMissId, samplesOf } from './history.ts';

/** All trials of a tree, from any campaign. A squash commit inherits the trials of its tree. */
export function trialsOfTree(snapshot: Snapshot, tree: string): RecordedTrial[] {
  return allTrials(snapshot).filter(trial => trial.tree === tree);
}

/** The number of the next trial of an experiment (0: of the champion): higher than any that was ever started. */
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

/** Training time of a campaign's trials in seconds: its own, or the contract's. */
export function budgetOf(contract: Contract, campaign: Campaign): number {
  return campaign.state?.budgetSeconds ?? contract.trial.budget;
}

/** Whether the champion has enough trials to judge a candidate: its baselines, or a trial of the experiment that became the champion. */
export function championIsMeasured(snapshot: Snapshot, { gate }: Contract, budgetSeconds: number): boolean {
  const { tree } = snapshot.base;
  const inherited = snapshot.experiments.some(e => e.state === 'merged' && e.marker.tree === tree);
  const values = championValues(snapshot, budgetSeconds);
  return values.length >= (inherited ? 1 : baselinesNeeded(values, gate.noise));
}

/** The champion's scores at a budget, without trials that were slow; empty if it has not been measured. */
export function championValues(snapshot: Snapshot, budgetSeconds: number): number[] {
  const trials = trialsOfTree(snapshot, snapshot.base.tree);
  return measuredValues(withoutSlow(trials.filter(trial => trial.budgetSeconds === budgetSeconds)));
}

/** The trials that may lead to a merge. If there is a referee, a score without an audit is only the candidate's claim. */
export function soundTrials({ metric }: Contract, trials: readonly RecordedTrial[]): RecordedTrial[] {
  return trials.filter(
    ({ outcome, refereed }) =>
      metric.referee === undefined || outcome.status !== 'measured' || refereed?.audit != null,
  );
}

/** Whether two trials ran under equal conditions. Only such trials are compared. */
export function comparable(a: Measurement, b: Measurement): boolean {
  return isSameKind(a, b) && hadAlike(a, b);
}

/** Whether a trial would be comparable with one of `others`, had other programs not kept its machine busy. */
export function isDisturbedBeside(trial: Measurement, others: readonly Measurement[]): boolean {
  const alike = others.filter(other => isSameKind(trial, other));
  return isDisturbed(trial, alike) && !alike.some(other => hadAlike(trial, other));
}

/** How many of the trials ran under the conditions of `example`. */
export function countLike(trials: readonly Measurement[], example: Measurement): number {
  return trials.filter(trial => comparable(trial, example)).length;
}

export type Judgement =
  /** With the measured trials, under equal conditions, that it rests on. */
  | { kind: 'judged'; verdict: GateVerdict; candidate: RecordedTrial[]; champion: RecordedTrial[] }
  /** No trial of the champion ran under the candidate's conditions. */
  | { kind: 'incomparable'; machine: string };

/** The trials that a judgement rests on, by id. */
export function comparedIn({ candidate, champion }: Judgement & { kind: 'judged' }): Verdict['compared'] {
  const ids = (trials: readonly RecordedTrial[]) => trials.map(({ trial }) => trial);
  return { candidate: ids(candidate), champion: ids(champion) };
}

/**
 * Lets the gate judge an experiment's trials, given the history that led to its champion. If they ran under several conditions, the
 * conditions with the most trials count among those under which the champion was measured too.
 * @param trials at least one of them measured
 * @param mayAskChampion whether the gate may ask for another trial of the champion
 */
export function judgeExperiment(
  snapshot: Snapshot,
  contract: Contract,
  { marker }: Experiment,
  trials: readonly RecordedTrial[],
  mayAskChampion = false,
): Judgement {
  const measured = trials.filter(trial => trial.outcome.status === 'measured');
  const last = measured.at(-1);
  if (!last) throw new RangeError('Expected at least one measured trial to judge.');
  // The champion that it was made on, which may not be the current one: scores on two champions are not compared.
  const onChampion = trialsOfTree(snapshot, marker.champion.tree).filter(
    trial => trial.outcome.status === 'measured',
  );
  const [example] = measured
    .filter(trial => onChampion.some(each => comparable(each, trial)))
    .sort((a, b) => countLike(measured, b) - countLike(measured, a));
  if (!example) return { kind: 'incomparable', machine: last.machine };
  const like = (trial: Measurement) => comparable(trial, example);
  const idea = {
    samples: samplesOf(trials.filter(like)),
    addedTokens: marker.addedTokens ?? 0,
    parts: marker.parts.map(nearMissId),
    mayAskChampion,
  };
  const verdict = judge(historyOf(snapshot, marker.champion.tree, like), idea, gateRules(contract));
  return { kind: 'judged', verdict, candidate: measured.filter(like), champion: onChampion.filter(like) };
}

/**
 * The worst first score with which an idea is not closed at once, under any of the champion's conditions; null if every score may get a
 * second trial. For metrics to be minimised.
 * @param champion measured trials of the champion
 * @param seed that the idea will run on
 * @param parts the pull requests of the near misses that it stacks
 */
export function worstPromisingValue(
  snapshot: Snapshot,
  contract: Contract,
  champion: readonly RecordedTrial[],
  seed: number,
  parts: readonly number[],
): number | null {
  const examples = champion.filter((trial, i) => champion.findIndex(each => comparable(each, trial)) === i);
  const worst = examples.map(example => {
    const history = historyOf(snapshot, snapshot.base.tree, trial => comparable(trial, example));
    return worstPromising(history, seed, gateRules(contract), parts.map(nearMissId));
  });
  return worst.reduce((a, b) => (a === null || b === null ? null : Math.max(a, b)), Number.NEGATIVE_INFINITY);
}

/** The gate's rules from the contract. */
export function gateRules({ metric, gate }: Contract): GateRules {
  return {
    goal: metric.goal,
    rule: gate.rule,
    falseMerges: gate.false_merges,
    maxTrials: gate.max_trials,
    noise: gate.noise,
  };
}

/** All trials in the markers and check runs of the repository. */
function allTrials(snapshot: Snapshot): RecordedTrial[] {
  const baselines = snapshot.campaigns.flatMap(campaign => campaign.state?.baselines ?? []);
  return [...baselines, ...snapshot.experiments.flatMap(experiment => trialsOf(snapshot, experiment))];
}
