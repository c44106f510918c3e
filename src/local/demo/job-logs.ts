/** The logs of a demo's jobs, one file for each trial, which stay when the demo ends. */
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/** Returns a function that takes the lines of all jobs and writes them to `folder`: those of trial 3/1.2 to `3-1.2.log`. */
export function keepLogs(folder: string): (trial: string, line: string) => void {
  mkdirSync(folder, { recursive: true });
  return (trial, line) =>
    appendFileSync(path.join(folder, `${trial.replaceAll(/[^\w.-]+/g, '-')}.log`), `${line}\n`);
}
