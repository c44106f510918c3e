/** Turns the end of a candidate's process into an outcome: a score, a crash of the candidate, or a fault of the machine. */
import {
  type Conditions,
  type crashReasons,
  isMeasurable,
  MOST,
  type Outcome,
} from '../protocol/measurement.ts';
import { causeOf, OUT_OF_MEMORY } from './cause.ts';
import { whyLate } from './load.ts';
import { parseNumber } from './number.ts';
import type { ProcessResult } from './process.ts';
import type { Exceeded } from './watch.ts';

/** EX_CONFIG of sysexits.h: trusted code, such as data preparation, reports that this machine is not set up. */
const EXIT_MACHINE_FAULT = 78;
const EXIT_NOT_FOUND = 127;
/** 128 + SIGKILL, as a shell reports it. */
const EXIT_KILLED = 137;
const NO_OUTPUT = '(no output)';

export interface Ending {
  result: ProcessResult;
  /** The score that the candidate reported; null if it reported none. */
  metric: number | null;
  /** The text that it was read from. */
  metricText?: string | undefined;
  /** Why there is no score, as the predicate of a sentence about the candidate. Only used if `metric` is null. */
  missing?: string;
  metricName: string;
  /** The last lines of the output. */
  tail: readonly string[];
  timeoutSeconds: number;
  /**
   * Whether this is the champion. It may say that the machine is at fault. An idea could say so to be measured again, and the champion was
   * measured with the same command, so an idea's own word for it does not count.
   */
  isChampion: boolean;
  /** Whether the shell that ran the command missed a program that the command itself names. */
  lacksProgram: boolean;
  /** Paths of this machine that mean nothing to a reader, and what to show instead. */
  shorten: ReadonlyMap<string, string>;
}

/** Turns the end of the candidate's process into the outcome of its trial. */
export function classify(ending: Ending): Outcome {
  const { result, metric, metricName, missing = `exited without reporting ${metricName}` } = ending;
  if (result.endedBy === 'timeout') {
    return crash(ending, 'timeout', `still running after ${ending.timeoutSeconds} s; killed`);
  }
  const faultLine = ending.tail.findLast(line => line.startsWith('machine fault:'));
  if (ending.isChampion && result.exitCode === EXIT_MACHINE_FAULT && faultLine !== undefined) {
    return fault(faultLine.slice('machine fault:'.length).trim());
  }
  if (ending.lacksProgram && result.exitCode === EXIT_NOT_FOUND) {
    return fault(`Program not found: ${lastLine(ending.tail)}`);
  }
  if (result.exitCode !== 0) {
    const cause = causeOf(ending.tail);
    const killed = result.signal === 'SIGKILL' || result.exitCode === EXIT_KILLED || cause.isKilled;
    if (killed) return crash(ending, 'out of memory', 'killed by the system because it ran out of memory');
    const message = cause.isException
      ? cause.message
      : `${howItEnded(result)}: ${cause.message || NO_OUTPUT}`;
    return crash(ending, OUT_OF_MEMORY.test(cause.message) ? 'out of memory' : 'exception', message);
  }
  if (metric === null) return crash(ending, 'no metric', missing);
  if (!Number.isFinite(metric)) {
    const { metricText = String(metric) } = ending;
    const found =
      parseNumber(metricText) === null ? `${JSON.stringify(metricText)}; expected a number` : metric;
    return crash(ending, 'not a number', `${metricName} is ${found}`);
  }
  if (!isMeasurable(metric))
    return crash(ending, 'not a number', `${metricName} is ${metric}; expected a number within ±${MOST}`);
  return { status: 'measured', value: metric };
}

/** The outcome of a candidate whose time was up: its crash, or a fault of the machine if other programs kept that busy. */
export function timedOut(ending: Ending, conditions: Conditions): Outcome {
  const why = whyLate(conditions);
  return why === null ? classify(ending) : fault(`${why} (still running after ${ending.timeoutSeconds} s)`);
}

/** An outcome caused by the machine, not by the candidate. */
export function fault(message: string): Outcome {
  return { status: 'fault', message: message.slice(0, 500) };
}

/** The crash of a candidate that was killed because it exceeded a limit. */
export function overuse(ending: Ending, { what, message }: Exceeded): Outcome {
  return crash(ending, what === 'memory' ? 'out of memory' : 'exception', message);
}

/** The crash of a candidate that was not started. */
export function refusal(message: string): Outcome {
  return { status: 'crash', reason: 'exception', message: message.slice(0, 500), traceback: '' };
}

function crash(ending: Ending, reason: (typeof crashReasons)[number], message: string): Outcome {
  const traceback = shortened(ending.tail.join('\n'), ending.shorten).slice(-4000);
  return { status: 'crash', reason, message: shortened(message, ending.shorten).slice(0, 500), traceback };
}

/** The text with every path in `names` replaced. */
export function shortened(text: string, names: ReadonlyMap<string, string>): string {
  let short = text;
  for (const [path, name] of names) short = short.replaceAll(path, name);
  return short;
}

function lastLine(tail: readonly string[]): string {
  return tail.findLast(line => line.trim() !== '') ?? NO_OUTPUT;
}

function howItEnded({ exitCode, signal }: ProcessResult): string {
  return signal ? `killed by ${signal}` : `exit code ${exitCode}`;
}
