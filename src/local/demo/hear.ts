/** What the runners' jobs say of their trials while they run. */
import { stripVTControlCharacters } from 'node:util';
import { type Progress, parseProgress } from '../../trial/progress.ts';

/** The last that was heard of a trial; all of it is the candidate's word. */
export interface Heard {
  /** From the last line that tells a step, a loss and the seconds left. */
  progress: Progress | null;
  /** The last line that it printed, without control characters. */
  said: string;
}

export interface Ear {
  /** Takes one line of the log of the job that measures `trial`. */
  take(trial: string, line: string): void;
  /** By trial. */
  heard: ReadonlyMap<string, Heard>;
}

/** Listens to logs. The action prints what a candidate says between two guards; nothing else counts. */
export function createEar(): Ear {
  const heard = new Map<string, Heard>();
  const guards = new Map<string, string>();
  return {
    heard,
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
      const said = stripVTControlCharacters(line).trim();
      if (!/[\p{L}\p{N}]/u.test(said)) return;
      heard.set(trial, { progress: parseProgress(line) ?? heard.get(trial)?.progress ?? null, said });
    },
  };
}
