/** Runs a trial's program to its end, under watch. */

import { isMeasurable } from '../protocol/measurement.ts';
import { visible } from '../protocol/visible.ts';
import type { Launch } from './launch.ts';
import type { Limits } from './limits.ts';
import { collectOutput, type Output } from './output.ts';
import { type ProcessResult, runProcess } from './process.ts';
import { createWatch, type Exceeded } from './watch.ts';

export interface Execution {
  launched: Launch;
  /** What is started: the candidate in its sandbox, or a referee that starts it. */
  program: { file: string; args: readonly string[]; cwd: string };
  /** True when `program` is the sandbox itself, and tells its first process. */
  isSandbox: boolean;
  /** Name of the number to look for in the output. */
  metricName: string;
  /** The regular expression to find it by instead. */
  pattern?: string | undefined;
  /** Given when the program hands over bytes beside its output; called with them as they come. */
  onResult?: ((bytes: Buffer) => void) | undefined;
  limits: Limits;
  /** The trial's own directory, by whose path everything that it started is found. */
  scratch: string;
  /** When the last number so far is taken as a preview, and which ones end the trial. */
  preview?: { afterSeconds: number; ends(value: number): boolean };
  timeoutSeconds: number;
  signal: AbortSignal | undefined;
  onLine: (line: string) => void;
}

export interface Executed {
  result: ProcessResult;
  output: Output;
  /** The limit that the candidate passed, for which it was ended. */
  exceeded: Exceeded | null;
  /** The last number when the preview was due; null where there was none. */
  preview: number | null;
  /** Whether it was ended for its preview. */
  stopped: boolean;
  /** Largest resident size of one process, in MB. */
  peakMb: number;
}

/** Ends when the program ends, when its time is up, when `signal` says so, or when the candidate uses too much of the machine. */
export async function execute(execution: Execution): Promise<Executed> {
  const { launched, program, limits, signal, timeoutSeconds } = execution;
  const output = collectOutput(execution.metricName, execution.pattern);
  const unwatched = new AbortController();
  const hopeless = new AbortController();
  let preview: number | null = null;
  const takePreview = () => {
    const value = output.metric();
    if (value === null || !isMeasurable(value)) return;
    preview = value;
    if (execution.preview?.ends(value)) hopeless.abort();
  };
  const timer = execution.preview && setTimeout(takePreview, 1000 * execution.preview.afterSeconds);
  const watch = createWatch(launched.kind === 'none' ? null : limits, timeoutSeconds, error =>
    unwatched.abort(error),
  );
  try {
    const result = await runProcess({
      ...program,
      env: launched.env,
      timeoutSeconds,
      graceSeconds: 0,
      marker: execution.scratch,
      signal: AbortSignal.any([unwatched.signal, hopeless.signal, ...(signal ? [signal] : [])]),
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
    const exceeded = watch.exceeded();
    if (watch.timedOut()) result.endedBy = 'timeout';
    const stopped = hopeless.signal.aborted && result.endedBy === 'abort' && exceeded === null;
    return { result, output, exceeded, preview, stopped, peakMb: watch.peakMb() };
  } finally {
    clearTimeout(timer);
    watch.stop();
  }
}
