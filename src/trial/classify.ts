/** Decides what the end of a candidate's process means: a number, the candidate's crash, or the machine's fault. */
import { type crashReasons, isMeasurable, MOST, type Outcome } from '../protocol/measurement.ts';
import type { ProcessResult } from './process.ts';
import type { Exceeded } from './watch.ts';

/** EX_CONFIG of sysexits.h: trusted code (data preparation) says that this machine is not set up. */
const EXIT_MACHINE_FAULT = 78;
const EXIT_NOT_FOUND = 127;
/** 128 + SIGKILL: how a shell reports it. */
const EXIT_KILLED = 137;

const EXCEPTION_LINE = /^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Iteration)\b(?::.*)?$/;
const OUT_OF_MEMORY =
  /\b(?:OutOfMemoryError|MemoryError)\b|out of memory|can't allocate memory|std::bad_alloc/i;

export interface Ending {
  result: ProcessResult;
  /** The number that the candidate reported; null for none. */
  metric: number | null;
  /** Why there is none, as the rest of a sentence about the candidate; only read where `metric` is null. */
  missing?: string;
  metricName: string;
  /** The last lines of the output. */
  tail: readonly string[];
  timeoutSeconds: number;
  /** True when the command went through a shell, which reports a missing program as exit code 127. */
  throughShell: boolean;
  /** Paths of this machine that mean nothing to a reader, with what to show instead. */
  shorten: ReadonlyMap<string, string>;
}

/** Turns the end of the candidate's process into the outcome of its trial. */
export function classify(ending: Ending): Outcome {
  const { result, metric, metricName, missing = `ended without a ${metricName}` } = ending;
  if (result.endedBy === 'timeout') {
    return crash(ending, 'timeout', `still running after ${ending.timeoutSeconds} s, and was stopped`);
  }
  const faultLine = ending.tail.findLast(line => line.startsWith('machine fault:'));
  if (result.exitCode === EXIT_MACHINE_FAULT && faultLine !== undefined) {
    return fault(faultLine.slice('machine fault:'.length).trim());
  }
  if (ending.throughShell && result.exitCode === EXIT_NOT_FOUND) {
    return fault(`the command's program was not found: ${lastLine(ending.tail)}`);
  }
  if (result.exitCode !== 0) {
    const message = lastException(ending.tail) ?? describeExit(ending);
    const killed = result.signal === 'SIGKILL' || result.exitCode === EXIT_KILLED;
    if (killed || OUT_OF_MEMORY.test(message)) {
      return crash(
        ending,
        'out of memory',
        killed ? 'killed by the system, which ran out of memory' : message,
      );
    }
    return crash(ending, 'exception', message);
  }
  if (metric === null) return crash(ending, 'no metric', missing);
  if (!Number.isFinite(metric)) return crash(ending, 'not a number', `${metricName} is ${metric}`);
  if (!isMeasurable(metric))
    return crash(ending, 'not a number', `${metricName} is ${metric}; nothing beyond ${MOST} counts`);
  return { status: 'measured', value: metric };
}

/** An outcome for which the machine, not the candidate, is to blame. */
export function fault(message: string): Outcome {
  return { status: 'fault', message: message.slice(0, 500) };
}

/** The crash of a candidate that was ended because it used too much of the machine. */
export function overuse(ending: Ending, { what, message }: Exceeded): Outcome {
  return crash(ending, what === 'memory' ? 'out of memory' : 'exception', message);
}

/** The crash of a candidate that could not even be started. */
export function refusal(message: string): Outcome {
  return { status: 'crash', reason: 'exception', message: message.slice(0, 500), traceback: '' };
}

function crash(ending: Ending, reason: (typeof crashReasons)[number], message: string): Outcome {
  const traceback = shortened(ending.tail.join('\n'), ending.shorten).slice(-4000);
  return { status: 'crash', reason, message: shortened(message, ending.shorten).slice(0, 500), traceback };
}

/** The text with each path of `names` replaced. */
export function shortened(text: string, names: ReadonlyMap<string, string>): string {
  let short = text;
  for (const [path, name] of names) short = short.replaceAll(path, name);
  return short;
}

function lastException(tail: readonly string[]): string | undefined {
  return tail.findLast(line => EXCEPTION_LINE.test(line));
}

function lastLine(tail: readonly string[]): string {
  return tail.findLast(line => line.trim() !== '') ?? '(no output)';
}

function describeExit({ result, tail }: Ending): string {
  const how = result.signal ? `ended by ${result.signal}` : `exit code ${result.exitCode}`;
  return `${how}: ${lastLine(tail)}`;
}
