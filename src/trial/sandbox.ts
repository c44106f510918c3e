/** The one place where a trial's command line is wrapped: in bubblewrap, or not at all when the contract says so. */
import type { Contract } from '../protocol/contract.ts';
import { bubblewrap } from './bubblewrap.ts';
import { SandboxUnavailable } from './inside.ts';
import type { Launch, SandboxOptions } from './launch.ts';

/**
 * The candidate in the sandbox that the contract asks for. Throws SandboxUnavailable, which says what to do, where this machine
 * cannot provide it; with `optional`, calls `warn` instead and goes on without.
 */
export async function launch(
  wanted: Contract['sandbox'],
  options: SandboxOptions,
  optional: boolean,
  warn: (line: string) => void,
): Promise<Launch> {
  if (wanted === 'none') return bare(options);
  try {
    return await bubblewrap(options, warn);
  } catch (error) {
    if (!optional || !(error instanceof SandboxUnavailable)) throw error;
    warn(`Going on without a sandbox. ${error.message}`);
    return bare(options);
  }
}

/** With the rights of the runner's user, kept only from the job's environment. */
function bare({ command, env, workDir }: SandboxOptions): Launch {
  const { file, args } = command;
  return {
    kind: 'none',
    file,
    args,
    wrap: [],
    command: [file, ...args],
    cwd: workDir,
    env,
    workDir,
    group: null,
  };
}
