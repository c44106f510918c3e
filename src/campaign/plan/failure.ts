/** Experiments that failed: they crashed, could not be measured, or were flagged by their audit. */
import type { Action } from '../action.ts';
import { areTooMany, faultsAmong } from '../evidence/faults.ts';
import { trialsSinceRerun } from '../people.ts';
import { conclude } from './conclude.ts';
import { hasCrashed, type Subject } from './subject.ts';

/** Null if nothing failed. Crashes and machine errors before a `rerun` do not count; an audit's findings always do. */
export function concludeFailure(subject: Subject): Action | null {
  return concludeCrash(subject) ?? concludeFaults(subject) ?? concludeFlagged(subject);
}

/** A crash is the candidate's fault and ends it. Next to a machine error, it is tried once more. */
function concludeCrash(subject: Subject): Action | null {
  const { experiment, trials } = subject;
  if (!hasCrashed(subject)) return null;
  for (const { outcome } of trialsSinceRerun(experiment.marker, trials).toReversed())
    if (outcome.status === 'crash')
      return conclude(experiment, trials, 'crash', `Crashed (${outcome.reason}): ${outcome.message}`);
  return null;
}

/** Too many machine errors make it unmeasurable. */
function concludeFaults({ experiment, trials }: Subject): Action | null {
  const faults = faultsAmong(trialsSinceRerun(experiment.marker, trials));
  if (!areTooMany(faults)) return null;
  const reason = `${faults.length} trials failed with a machine error.`;
  return conclude(experiment, trials, 'unmeasurable', reason);
}

/** An audit that found more than rounding errors ends the experiment, and the campaign pauses for a person's review. */
function concludeFlagged({ experiment, trials }: Subject): Action | null {
  for (const { trial, refereed } of trials) {
    const flag = refereed?.audit?.flags[0];
    if (flag === undefined) continue;
    const reason = `The audit of trial ${trial} disagrees with its score: ${flag}.`;
    return conclude(experiment, trials, 'flagged', reason);
  }
  return null;
}
