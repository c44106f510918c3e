/** Verdicts that are not the gate's. */

import { mean } from '../../gate/mean.ts';
import type { ActionOf } from '../action.ts';
import type { RecordedTrial, Verdict } from '../marker.ts';
import { type Experiment, measuredValues } from '../model.ts';

/** Closes an experiment with a verdict that is not based on a comparison with the champion. */
export function conclude(
  experiment: Experiment,
  trials: RecordedTrial[],
  kind: Exclude<Verdict['kind'], 'merge'>,
  reason: string,
): ActionOf<'close'> {
  const values = measuredValues(trials);
  // A score measured on an earlier champion would look like one on the current champion.
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
