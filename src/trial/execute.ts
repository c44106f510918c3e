/** Runs a trial's program to its end and enforces its limits. */

import { isMeasurable } from '../protocol/measurement.ts';
import { visible } from '../protocol/visible.ts';
import { ranOutOfMemory } from './control-group.ts';
import type { Launch } from './launch.ts';
import type { Limits } from './limits.ts';
import { collectOutput, type Output } from './output.ts';
import { type ProcessResult, runProcess } from './process.ts';
import { createWatch, type Exceeded, usedTooMuchMemory } from './watch.ts';

export interface Execution {
  launched: Launch;
  /** The program to start: the candidate in its sandbox, or a referee that starts it. */
  program: { file: string; args: readonly string[]; cwd: string };
  /** Whether `program` is the sandbox itself, which reports its first process. */
  isSandbox: boolean;
  /** Name of the metric to look for in the output. */
  metricName: string;
  /** Names of the numbers to look for beside it. */
  otherNames?: readonly string[];
  /** Regular expression that finds the metric instead of its name. */
  pattern?: string | undefined;
  /** Set if the program passes bytes outside its output; called with them as they arrive. */
  onResult?: ((bytes: Buffer) => void) | undefined;
  limits: Limits;
  /** The trial's own directory. Its path identifies every process of the trial. */
  scratch: string;
  /** When to take the latest score as the projection, and which projections stop the trial. */
  preview?: { afterSeconds: number; ends(value: number): boolean };
  timeoutSeconds: number;
  signal: AbortSignal | undefined;
  onLine: (line: string) => void;
}

export interface Executed {
  result: ProcessResult;
  output: Output;
  /** The limit that the candidate exceeded and was killed for. */
  exceeded: Exceeded | null;
  /** The latest score when the projection was due; null if there was none. */
  preview: number | null;
  /** Whether it was stopped early because of its projection. */
  stopped: boolean;
  /** Largest resident size of one process, in MB. */
  peakMb: number;
}

/** The kernel may kill a control group before the watch notices. */
async function killedForMemory({ launched, limits }: Execution): Promise<Exceeded | null> {
  return launched.group !== null && (await ranOutOfMemory(launched.group)) ? usedTooMuchMemory(limits) : null;
}

/** Runs until the program ends, its time is up, `signal` aborts, its projection stops it, or the candidate exceeds a limit. */
export async function execute(execution: Execution): Promise<Executed> {
  const { launched, program, limits, signal, timeoutSeconds } = execution;
  const output = collectOutput(execution.metricName, execution.pattern, execution.otherNames);
  const unwatched = new AbortController();
  const stoppedEarly = new AbortController();
  let preview: number | null = null;
  const takePreview = () => {
    const value = output.metric()?.value;
    if (value === undefined || !isMeasurable(value)) return;
    preview = value;
    if (execution.preview?.ends(value)) stoppedEarly.abort();
  };
  const timer = execution.preview && setTimeout(takePreview, 1000 * execution.preview.afterSeconds);
  const watched = launched.kind === 'none' ? null : limits;
  const watch = createWatch(watched, launched.writable, timeoutSeconds, error => unwatched.abort(error));
  try {
    const result = await runProcess({
      ...program,
      env: launched.env,
      timeoutSeconds,
      graceSeconds: 0,
      marker: execution.scratch,
      signal: AbortSignal.any([unwatched.signal, stoppedEarly.signal, ...(signal ? [signal] : [])]),
      ...(execution.onResult ? { onResult: execution.onResult } : {}),
      isSandbox: execution.isSandbox,
      onStart: watch.begin,
      onLine: text => {
        const line = visible(text);
        output.take(line);
        execution.onLine(line);
      },
    });
    unwatched.signal.throwIfAborted();
    const exceeded = watch.exceeded() ?? (await killedForMemory(execution));
    if (watch.timedOut()) result.endedBy = 'timeout';
    const stopped = stoppedEarly.signal.aborted && result.endedBy === 'abort' && exceeded === null;
    return { result, output, exceeded, preview, stopped, peakMb: watch.peakMb() };
  } finally {
    clearTimeout(timer);
    watch.stop();
  }
}
