/** Carries out people's commands on an experiment: to keep it, or to run another trial. */
import type { GateVerdict } from '../../gate/gate.ts';
import { mean } from '../../gate/mean.ts';
import type { Action } from '../action.ts';
import { comparedIn, judgeExperiment, soundTrials } from '../evidence/evidence.ts';
import { breachReason, guardFindings } from '../evidence/guards.ts';
import { missingOnTest, missingReason } from '../evidence/test-text.ts';
import type { Verdict } from '../marker.ts';
import { measuredValues } from '../model.ts';
import { keptBy, owesRerun } from '../people.ts';
import { conclude } from './conclude.ts';
import { isExhausted, restack, takeTrial } from './measure.ts';
import type { Subject } from './subject.ts';

const GATE_VERDICT: Record<GateVerdict['kind'], string> = {
  merge: 'The gate agrees.',
  close: 'The gate would have closed it.',
  again: 'The gate would have run another trial.',
  champion: 'The gate would have measured the champion again.',
  hold: 'The gate found the improvement implausibly large.',
};

const UNCHECKED = 'The guards were not checked: the champion has no such numbers.';

/** Null if no command is open, so that the gate decides. */
export function obeyCommands(subject: Subject): Action | null {
  const { experiment, trials, moved } = subject;
  if (keptBy(experiment.marker) !== null) return keep(subject);
  if (!owesRerun(experiment.marker, trials)) return null;
  return moved ? restack(subject) : takeTrial(subject);
}

/** Merges the experiment as soon as it has a score on the current champion that can be trusted. */
function keep(subject: Subject): Action {
  const { work, experiment, trials, moved } = subject;
  // However often the champion changes: a person wants this one merged.
  if (moved) return { kind: 'restack', ...work, experiment };
  if (owesRerun(experiment.marker, trials)) return takeTrial(subject);
  const verdict = keptVerdict(subject);
  if (verdict) return { kind: 'merge', ...work, experiment, trials, verdict };
  if (!isExhausted(subject)) return takeTrial(subject);
  const reason = `None of its ${measuredValues(trials).length} trials was audited.`;
  return conclude(experiment, trials, 'unmeasurable', reason);
}

/**
 * The verdict on an experiment that a person keeps. Only trials on the current champion count and, if there is a referee, only audited
 * ones. Null without any.
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
  const { kind, noise, doubt, prior } = judgement.verdict;
  const missing = missingOnTest(contract, judgement.candidate, judgement.champion, noise);
  const checked = guardFindings(snapshot, contract, experiment, judgement);
  const guards = checked ?? [];
  const breach = checked === null ? UNCHECKED : breachReason(guards, contract.metric.referee !== undefined);
  const reason = `Kept by ${by}. ${breach ?? (missing ? missingReason(missing) : GATE_VERDICT[kind])}`;
  const championValue = mean(measuredValues(judgement.champion));
  return {
    kind: 'merge',
    cause: 'kept',
    reason,
    value: mean(measuredValues(judgement.candidate)),
    championValue,
    compared: comparedIn(judgement),
    noise,
    doubt,
    prior,
    ...(guards.length > 0 ? { guards } : {}),
  };
}
