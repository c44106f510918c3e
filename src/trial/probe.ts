/** Checks whether this machine can provide the sandbox, before there is a candidate. */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bubblewrap } from './bubblewrap.ts';
import { parseCommand } from './command.ts';
import { removeGroup } from './control-group.ts';
import { trialEnvironment } from './environment.ts';
import { limitsOfMachine } from './limits.ts';
import { findRuntime } from './runtime.ts';

/** What else to do about a machine without a sandbox. */
export const WITHOUT_SANDBOX =
  'Without a sandbox every trial fails, unless the contract says `sandbox: none`, which gives candidates your permissions.';

/**
 * Starts the sandbox of a trial with the programs from `environment` and an empty working directory. Returns null if that works, and
 * otherwise what is missing and what to do about it.
 */
export async function sandboxProblem(environment: NodeJS.ProcessEnv): Promise<string | null> {
  const scratch = await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-probe-')));
  try {
    const workDir = join(scratch, 'work');
    await mkdir(workDir);
    const { HOME: home } = environment;
    const env = trialEnvironment({
      machine: environment,
      home: scratch,
      temporary: scratch,
      seed: 0,
      budgetSeconds: 0,
    });
    const options = {
      runtime: await findRuntime(parseCommand('exec true;'), env, { cwd: scratch }),
      env,
      workDir,
      scratch,
      hidden: [scratch, ...(home ? [home] : [])],
      readable: [],
      caches: {},
      isWorkWritable: false,
      machineHome: home ?? '/',
      limits: limitsOfMachine(),
      mayFork: true,
    };
    const { group } = await bubblewrap(options, () => {});
    if (group !== null) await removeGroup(group);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
