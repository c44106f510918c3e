/** What the champion's trials tell the referee of the next one. */
import type { Contract } from '../../protocol/contract.ts';
import { BASELINE_TRIALS } from '../marker.ts';
import { type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { keptBy } from '../people.ts';
import { trialsOf } from '../queries.ts';
import { trialsOfTree, worstPromisingValue } from './evidence.ts';

export interface Terms {
  /** A number below this is audited; null audits in any case. */
  threshold: number | null;
  /** The slowest of the champion's trials; null where there is none. */
  startupSeconds: number | null;
  scoringSeconds: number | null;
}

/** No code is shorter than nothing: a number below this does not exist. */
const NEVER = 0;

/**
 * The terms of the next trial of an experiment (null: the champion) at a budget in seconds and on a seed; null where the metric has no referee.
 * Audited is what could be merged: a first number that the gate would not close at once, whatever confirms one, and what a person keeps. The
 * champion's first trial is audited too, to see that an honest model passes on this machine, and so are those beyond the baselines, which
 * are taken for another class of machine.
 */
export function termsOf(
  snapshot: Snapshot,
  contract: Contract,
  experiment: Experiment | null,
  budgetSeconds: number,
  seed: number,
): Terms | null {
  if (contract.metric.referee === undefined) return null;
  const champion = trialsOfTree(snapshot, snapshot.base.tree).filter(
    trial => trial.budgetSeconds === budgetSeconds && trial.outcome.status === 'measured',
  );
  const slowest = (seconds: (number | undefined)[]) => {
    const known = seconds.filter(value => value !== undefined);
    return known.length > 0 ? Math.max(...known) : null;
  };
  const threshold = () => {
    if (champion.length === 0) return null;
    if (experiment === null) return champion.length < BASELINE_TRIALS ? NEVER : null;
    const confirms =
      keptBy(experiment.marker) !== null || measuredValues(trialsOf(snapshot, experiment)).length > 0;
    return confirms ? null : worstPromisingValue(snapshot, contract, champion, seed);
  };
  return {
    threshold: threshold(),
    startupSeconds: slowest(champion.map(trial => trial.refereed?.startupSeconds)),
    scoringSeconds: slowest(champion.map(trial => trial.refereed?.scoringSeconds)),
  };
}
