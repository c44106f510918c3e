/** The one place where a trial's command line is wrapped. */
import type { Measurement } from '../campaign/measurement.ts';
import type { Command } from './command.ts';

export interface Sandboxed {
  kind: Measurement['sandbox'];
  file: string;
  args: string[];
}

/**
 * Says how to start the candidate. There is no isolation yet, and every measurement says so (`none`): a candidate runs with the
 * rights of the runner's user, kept only from the job's environment.
 */
export function wrap(command: Command): Sandboxed {
  return { kind: 'none', file: command.file, args: command.args };
}
