/** The latest output of running trials, read from the logs of their jobs. */
import { visible } from '../../protocol/visible.ts';
import { type Progress, parseProgress } from '../../trial/progress.ts';

/** The latest output of a trial. All of it comes from the candidate and is not trusted. */
export interface Heard {
  /** From the last line with a step, a loss and the seconds left. */
  progress: Progress | null;
  /** Whether those seconds have passed, which means that the trial is being scored. */
  trained: boolean;
  /** The last line that it printed, without control characters. */
  lastLine: string;
}

export interface Ear {
  /** Takes one line from the log of the job that measures `trial`. */
  take(trial: string, line: string): void;
  /** Null until the trial prints something. */
  hear(trial: string): Heard | null;
}

/** Training continues for a moment after its last progress line. */
const SLACK_SECONDS = 1;
/** On a busy machine, CPU seconds take longer than seconds. */
const BUSY_FACTOR = 4;

/** Reads logs. `now` is in seconds since any fixed moment. Only lines between the action's two guards count, because they are the candidate's. */
export function createEar(now: () => number): Ear {
  const lastLines = new Map<string, string>();
  const steps = new Map<string, { progress: Progress; at: number }>();
  const guards = new Map<string, string>();
  return {
    take(trial, line) {
      const guard = guards.get(trial);
      if (guard === undefined) {
        const opened = /^::stop-commands::(.+)$/.exec(line)?.[1];
        if (opened !== undefined) guards.set(trial, opened);
        return;
      }
      if (line === `::${guard}::`) {
        guards.delete(trial);
        return;
      }
      const progress = parseProgress(line);
      if (progress) steps.set(trial, { progress, at: now() });
      const text = visible(line).trim();
      if (/[\p{L}\p{N}]/u.test(text)) lastLines.set(trial, text);
    },
    hear(trial) {
      const lastLine = lastLines.get(trial);
      if (lastLine === undefined) return null;
      const step = steps.get(trial);
      if (!step) return { progress: null, trained: false, lastLine };
      const { secondsLeft, inCpuSeconds } = step.progress;
      const trained = now() - step.at > secondsLeft * (inCpuSeconds ? BUSY_FACTOR : 1) + SLACK_SECONDS;
      return { progress: step.progress, trained, lastLine };
    },
  };
}
