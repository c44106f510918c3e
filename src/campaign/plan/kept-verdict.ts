/** The verdict on an experiment that a person keeps. */
import type { GateVerdict } from '../../gate/gate.ts';
import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import { judgeExperiment, soundTrials } from '../evidence/evidence.ts';
import type { RecordedTrial, Verdict } from '../marker.ts';
import { type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { keptBy } from '../people.ts';

const BY_ITSELF: Record<GateVerdict['kind'], string> = {
  merge: 'The gate says the same.',
  close: 'The gate by itself would have closed it.',
  again: 'The gate by itself would have taken another trial.',
  hold: 'The gate found its gain too good to be believed.',
};

/**
 * The verdict of the person who keeps an experiment; null while a trial is missing that it could rest on: measured on the present
 * champion and, where there is a referee, audited. Only such trials count for its value.
 */
export function keptVerdict(
  snapshot: Snapshot,
  contract: Contract,
  experiment: Experiment,
  trials: readonly RecordedTrial[],
): Verdict | null {
  const sound = soundTrials(contract, trials);
  const values = measuredValues(sound);
  if (values.length === 0) return null;
  const judgement = judgeExperiment(snapshot, contract, experiment, sound);
  const by = keptBy(experiment.marker) ?? '';
  if (judgement.kind === 'incomparable') {
    const reason = `Kept by ${by}. The champion was not measured under the same conditions.`;
    const value = mean(values);
    return { kind: 'merge', cause: 'kept', reason, value, championValue: null, noise: null, doubt: null };
  }
  const { kind, noise, doubt } = judgement.verdict;
  const reason = `Kept by ${by}. ${BY_ITSELF[kind]}`;
  const championValue = mean(judgement.champion);
  return { kind: 'merge', cause: 'kept', reason, value: mean(judgement.value), championValue, noise, doubt };
}
