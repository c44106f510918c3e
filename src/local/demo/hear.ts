/** What the runners' jobs say of their trials while they run. */
import { visible } from '../../protocol/visible.ts';
import { type Progress, parseProgress } from '../../trial/progress.ts';

/** The last that was heard of a trial; all of it is the candidate's word. */
export interface Heard {
  /** From the last line that tells a step, a loss and the seconds left. */
  progress: Progress | null;
  /** The seconds that were left then have gone by: it is being scored. */
  trained: boolean;
  /** The last line that it printed, without control characters. */
  said: string;
}

export interface Ear {
  /** Takes one line of the log of the job that measures `trial`. */
  take(trial: string, line: string): void;
  /** Null until the trial says something. */
  hear(trial: string): Heard | null;
}

/** The last line about a step is not the last thing that training does. */
const SLACK_SECONDS = 1;

/** Listens to logs; `now` is in seconds since any fixed moment. The action prints what a candidate says between two guards; nothing else counts. */
export function createEar(now: () => number): Ear {
  const said = new Map<string, string>();
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
      const words = visible(line).trim();
      if (/[\p{L}\p{N}]/u.test(words)) said.set(trial, words);
    },
    hear(trial) {
      const words = said.get(trial);
      if (words === undefined) return null;
      const step = steps.get(trial);
      if (!step) return { progress: null, trained: false, said: words };
      const trained = now() - step.at > step.progress.secondsLeft + SLACK_SECONDS;
      return { progress: step.progress, trained, said: words };
    },
  };
}
