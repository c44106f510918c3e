/** Disturbed trials: other programs kept the machine so busy that a trial cannot be compared with one that had it to itself. */
import type { Measurement } from '../../protocol/measurement.ts';

/** A trial that got less than this share of another's cores is disturbed, */
const LEAST_SHARE = 0.75;
/** if other programs took at least this share of the difference. A candidate may well use fewer cores by itself. */
const EXPLAINED = 0.5;
/** What is over sooner says nothing: the system counts in ticks, and starting takes as long. */
const SHORTEST_SECONDS = 2;

/** What a trial got of the machine's cores, and what others took, on average. */
interface Shares {
  got: number;
  others: number;
}

/**
 * Whether two trials had about as much of the machine. All of it was measured from outside, so a candidate's report does not count. True
 * where it is unknown, and where the budget is counted in CPU seconds.
 */
export function hadAlike(a: Measurement, b: Measurement): boolean {
  const [less, more] = [sharesOf(a), sharesOf(b)].toSorted((x, y) => (x?.got ?? 0) - (y?.got ?? 0));
  if (!less || !more || less.got >= LEAST_SHARE * more.got) return true;
  return less.others - more.others < EXPLAINED * (more.got - less.got);
}

/** Whether `trial` was disturbed in comparison with one of `others` that is otherwise under equal conditions. */
export function isDisturbed(trial: Measurement, others: readonly Measurement[]): boolean {
  return disturbedBeside(trial, others) !== null;
}

/** For people: what kept the trial from being compared; null if nothing did. */
export function disturbance(trial: Measurement, others: readonly Measurement[]): string | null {
  const calm = disturbedBeside(trial, others);
  const [own, its] = [sharesOf(trial), calm && sharesOf(calm)];
  if (!own || !its || !calm) return null;
  const cores = (value: number) => value.toFixed(1);
  return `Trial ${trial.trial} was disturbed: it got ${cores(own.got)} cores while other programs took ${cores(own.others)} of ${trial.conditions?.cores}; trial ${calm.trial} got ${cores(its.got)}. It was taken again and does not count.`;
}

function disturbedBeside(trial: Measurement, others: readonly Measurement[]): Measurement | null {
  const got = sharesOf(trial)?.got ?? 0;
  return others.find(other => !hadAlike(trial, other) && (sharesOf(other)?.got ?? 0) > got) ?? null;
}

function sharesOf({ conditions }: Measurement): Shares | null {
  if (conditions === null || conditions.clock === 'cpu' || conditions.othersCores === null) return null;
  if (conditions.seconds < SHORTEST_SECONDS) return null;
  return { got: conditions.cpuSeconds / conditions.seconds, others: conditions.othersCores };
}
