/** Git commands in one repository. */
import { execa, type Options } from 'execa';

export interface GitCommand {
  dir: string;
  /** Runs git and returns what it printed. Rejects where it fails. */
  run(args: readonly string[], options?: Options): Promise<string>;
  /** The lines of it. */
  lines(args: readonly string[]): Promise<string[]>;
  /** Runs git where its exit code is part of the answer. */
  ask(args: readonly string[]): Promise<{ exitCode?: number; stdout: string; stderr: string }>;
}

export function gitIn(dir: string): GitCommand {
  const run = async (args: readonly string[], options: Options = {}) =>
    String((await execa('git', args, { cwd: dir, ...options })).stdout);
  return {
    dir,
    run,
    lines: async args => (await run(args)).split('\n').filter(line => line !== ''),
    ask: args => execa('git', args, { cwd: dir, reject: false }),
  };
}
