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

export function isFault(trial: RecordedTrial | undefined): boolean {
  return trial?.outcome.status === 'fault';
}

/** Whether there are too many faults to try again. */
export function areTooMany(faults: readonly RecordedTrial[]): boolean {
  const weight = faults.reduce((sum, { machine }) => sum + (machine === LOST_MACHINE ? 0.5 : 1), 0);
  return weight >= MAX_FAULTS;
}
