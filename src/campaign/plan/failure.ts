/** Experiments that fail: by a crash, by the machine, or by their audit. */
import type { Action } from '../action.ts';
import { MAX_FAULTS } from '../marker.ts';
import { unforgiven } from '../people.ts';
import { conclude } from './conclude.ts';
import type { Subject } from './subject.ts';

/** Null where nothing failed. A crash or a fault that a person's `rerun` forgave does not count; what an audit found does. */
export function concludeFailure(subject: Subject): Action | null {
  return concludeCrash(subject) ?? concludeFaults(subject) ?? concludeFlagged(subject);
}

/** A crash is the candidate's fault and ends it. */
function concludeCrash({ experiment, trials }: Subject): Action | null {
  for (const { outcome } of unforgiven(experiment.marker, trials))
    if (outcome.status === 'crash')
      return conclude(experiment, trials, 'crash', `It crashed (${outcome.reason}): ${outcome.message}`);
  return null;
}

/** Too many faults of the machine make it unmeasurable. */
function concludeFaults({ experiment, trials }: Subject): Action | null {
  const faults = unforgiven(experiment.marker, trials).filter(({ outcome }) => outcome.status === 'fault');
  if (faults.length < MAX_FAULTS) return null;
  const reason = `${faults.length} trials failed through the machine's fault.`;
  return conclude(experiment, trials, 'unmeasurable', reason);
}

/** An audit that found more than rounding ends the experiment; the campaign then waits for a person. */
function concludeFlagged({ experiment, trials }: Subject): Action | null {
  for (const { trial, refereed } of trials) {
    const flag = refereed?.audit?.flags[0];
    if (flag === undefined) continue;
    const reason = `The audit of trial ${trial} does not agree with the number: ${flag}.`;
    return conclude(experiment, trials, 'flagged', reason);
  }
  return null;
}
