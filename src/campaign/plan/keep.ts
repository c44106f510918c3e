/** What people decided about an experiment: to keep it, or to measure it once more. */
import type { GateVerdict } from '../../gate/gate.ts';
import { mean } from '../../gate/mean.ts';
import type { Action } from '../action.ts';
import { judgeExperiment, soundTrials } from '../evidence/evidence.ts';
import type { Verdict } from '../marker.ts';
import { measuredValues } from '../model.ts';
import { keptBy, owesTrial } from '../people.ts';
import { conclude } from './conclude.ts';
import { isExhausted, restack, takeTrial } from './measure.ts';
import type { Subject } from './subject.ts';

const BY_ITSELF: Record<GateVerdict['kind'], string> = {
  merge: 'The gate says the same.',
  close: 'The gate by itself would have closed it.',
  again: 'The gate by itself would have taken another trial.',
  hold: 'The gate found its gain too good to be believed.',
};

/** What people's commands ask for; null where there is none, and the gate decides. */
export function obeyPeople(subject: Subject): Action | null {
  const { experiment, trials, moved } = subject;
  if (keptBy(experiment.marker) !== null) return keep(subject);
  if (!owesTrial(experiment.marker, trials)) return null;
  return moved ? restack(subject) : takeTrial(subject);
}

/** A person is the judge: merged as soon as there is a number on the present champion that can be trusted. */
function keep(subject: Subject): Action {
  const { work, experiment, trials, moved } = subject;
  // However often the champion moves: a person asked for exactly this.
  if (moved) return { kind: 'restack', ...work, experiment };
  if (owesTrial(experiment.marker, trials)) return takeTrial(subject);
  const verdict = keptVerdict(subject);
  if (verdict) return { kind: 'merge', ...work, experiment, trials, verdict };
  if (!isExhausted(subject)) return takeTrial(subject);
  const reason = 'However often it was measured, no number of it was audited.';
  return conclude(experiment, trials, 'unmeasurable', reason);
}

/**
 * The verdict of the person who keeps an experiment; null while a trial is missing that it could rest on: measured on the present
 * champion and, where there is a referee, audited. Only such trials count for its value.
 */
function keptVerdict({ snapshot, work: { contract }, experiment, trials }: Subject): Verdict | null {
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
