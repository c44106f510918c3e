/** Verdicts that do not come from the gate. */

import { mean } from '../../gate/mean.ts';
import type { ActionOf } from '../action.ts';
import type { RecordedTrial, Verdict } from '../marker.ts';
import { type Experiment, measuredValues } from '../model.ts';

/** Closes an experiment with a verdict that does not rest on a comparison. */
export function conclude(
  experiment: Experiment,
  trials: RecordedTrial[],
  kind: Exclude<Verdict['kind'], 'merge'>,
  reason: string,
): ActionOf<'close'> {
  const values = measuredValues(trials);
  // A number on a champion that is gone would read as one on the present one.
  const value = values.length > 0 && kind !== 'superseded' ? mean(values) : null;
  const verdict: Verdict = {
    kind,
    cause: null,
    reason: reason.slice(0, 500),
    value,
    championValue: null,
    noise: null,
    doubt: null,
  };
  return { kind: 'close', experiment, verdict, trials, unfinished: [] };
}
