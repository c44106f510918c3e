/** The terms of a trial's audit, derived from the champion's trials. */
import type { Contract } from '../../protocol/contract.ts';
import { BASELINE_TRIALS } from '../marker.ts';
import { type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { keptBy } from '../people.ts';
import { trialsOf } from '../queries.ts';
import { trialsOfTree, worstPromisingValue } from './evidence.ts';

export interface Terms {
  /** A score below this is audited; null: any score is. */
  threshold: number | null;
  /** The slowest of the champion's trials; null without any. */
  startupSeconds: number | null;
  scoringSeconds: number | null;
}

/** No code length is below this, so no score is audited. */
const NEVER = 0;

/**
 * The terms of the next trial of an experiment (null: of the champion) at a budget in seconds and on a seed; null if the metric has no
 * referee. Whatever could be merged is audited: a first score that the gate would not close at once, later scores, and any score of an
 * experiment that a person keeps. The champion's first trial is audited too, to see that an honest model passes on this machine, and so are
 * its trials after the baselines, which are run on another class of machine.
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
