/** Faults of machines: how much they count against a machine before a campaign pauses or an idea is given up. */
import { MAX_FAULTS, type RecordedTrial } from '../marker.ts';

/**
 * The machine of a run that ended without a measurement. Its runner was stopped, restarted or killed, which happens to good machines too,
 * and several times in a row while somebody works on one. Such a fault counts half.
 */
export const LOST_MACHINE = 'lost';

/** The trials that failed with a machine error. */
export function faultsAmong(trials: readonly RecordedTrial[]): RecordedTrial[] {
  return trials.filter(isFault);
}

/** The latest of these trials if it ended with a machine error: nothing has been measured since, and people should know why. */
export function latestFault(trials: readonly RecordedTrial[]): { trial: string; message: string } | null {
  const latest = trials.toSorted((a, b) => (a.runId ?? 0) - (b.runId ?? 0)).at(-1);
  return latest?.outcome.status === 'fault' ? { trial: latest.trial, message: latest.outcome.message } : null;
}

export function isFault(trial: RecordedTrial | undefined): boolean {
  return trial?.outcome.status === 'fault';
}

/** Whether there are too many faults to try again. */
export function areTooMany(faults: readonly RecordedTrial[]): boolean {
  const weight = faults.reduce((sum, { machine }) => sum + (machine === LOST_MACHINE ? 0.5 : 1), 0);
  return weight >= MAX_FAULTS;
}
