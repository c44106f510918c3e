/** Disturbed trials: other programs kept the machine so busy that a trial cannot be compared with one that had it to itself. */
import type { Measurement } from '../../protocol/measurement.ts';

/** A trial that got less than this share of another's cores is disturbed, */
const LEAST_SHARE = 0.75;
/** if other programs took at least this share of the difference. A candidate may well use fewer cores by itself. */
const EXPLAINED = 0.5;
/** What is over sooner says nothing: the system counts in ticks, and starting takes as long. */
const SHORTEST_SECONDS = 2;

/** A trial of a champion that took less than this share of the steps of its middle one, in the same time, is slow. */
const LEAST_PACE = 0.75;

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

/** Whether two trials are of the same class of machine, terms and budget. */
export function isSameKind(a: Measurement, b: Measurement): boolean {
  return a.machine === b.machine && a.digest === b.digest && a.budgetSeconds === b.budgetSeconds;
}

/**
 * A champion's trials without the slow ones: its program counts its steps, and something else on the machine was in the way of each of them.
 * CPU seconds do not show that, and nothing does for a GPU that is shared. Only a champion is believed: an idea could get rid of its bad
 * trials that way.
 * @param trials of one tree
 */
export function withoutSlow<T extends Measurement>(trials: readonly T[]): T[] {
  return trials.filter(trial => slowness(trial, trials) === null);
}

/** For people: the champion's trials that were slow and do not count, a sentence each. */
export function slowSentences(trials: readonly Measurement[]): string[] {
  return trials.flatMap(trial => {
    const middle = slowness(trial, trials);
    return middle === null
      ? []
      : `Trial ${trial.trial} of the champion does not count: it took ${trial.reported.num_steps} steps, and trial ${middle.trial} took ${middle.reported.num_steps}. Something else kept the machine busy.`;
  });
}

/** The middle trial of the same kind if `trial` is slow beside it; null if not. */
function slowness(trial: Measurement, trials: readonly Measurement[]): Measurement | null {
  const alike = trials
    .filter(other => isSameKind(trial, other) && paceOf(other) > 0)
    .toSorted((a, b) => paceOf(a) - paceOf(b));
  // Of two, and of two halves, nobody knows which is the usual one.
  const middle = alike[Math.floor((alike.length - 1) / 2)];
  return middle && paceOf(trial) > 0 && paceOf(trial, 1) < LEAST_PACE * paceOf(middle) ? middle : null;
}

/**
 * Steps per second of training; 0 if the trial did not say, or trained for too short a time to tell.
 * @param begun steps that may have been begun and were not over when time was: of few steps, one more or less says nothing
 */
function paceOf({ outcome, reported, trainingSeconds }: Measurement, begun = 0): number {
  const steps = reported.num_steps ?? 0;
  if (outcome.status !== 'measured' || trainingSeconds < SHORTEST_SECONDS || steps <= 0) return 0;
  return (steps + begun) / trainingSeconds;
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
