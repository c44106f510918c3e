/** Runs one trial: the base with the candidate's editable files, one seed, one budget, one measurement. */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Measurement, measurementSchema } from '../protocol/measurement.ts';
import type { StopBar } from '../protocol/stop-bar.ts';
import { assemble } from './assemble.ts';
import { fault, refusal } from './classify.ts';
import { parseCommand } from './command.ts';
import { readContract } from './contract.ts';
import { removeGroup } from './control-group.ts';
import { measureDigest } from './digest.ts';
import { trialEnvironment } from './environment.ts';
import { resolveRevision } from './git.ts';
import { limitsOfMachine } from './limits.ts';
import { machineClass } from './machine.ts';
import type { TrialOptions } from './options.ts';
import { runRefereed } from './refereed.ts';
import { runReported } from './reported.ts';
import { launch } from './sandbox.ts';
import type { Stage } from './stage.ts';

const UNKNOWN_TREE = '0'.repeat(40);

/**
 * Measures one trial. Errors of the candidate become a `crash`, errors of the machine a `fault`. Throws only if `signal` aborts, with its
 * reason.
 */
export async function runTrial(options: TrialOptions): Promise<Measurement> {
  const started = performance.now();
  const draft: Measurement = {
    version: 1,
    trial: options.trial,
    base: options.baseSha,
    candidate: options.candidateSha,
    tree: UNKNOWN_TREE,
    seed: options.seed,
    budgetSeconds: options.budgetSeconds,
    machine: '',
    digest: '',
    sandbox: 'none',
    outcome: fault('The trial did not start.'),
    preview: null,
    refereed: null,
    conditions: null,
    trainingSeconds: 0,
    totalSeconds: 0,
    peakMemoryMb: 0,
    reported: {},
  };
  try {
    await measure(options, draft);
  } catch (error) {
    draft.outcome = fault((error as Error).message);
  }
  options.signal?.throwIfAborted();
  draft.totalSeconds = (performance.now() - started) / 1000;
  return measurementSchema.parse(draft);
}

/** Fills `draft` step by step, so that a fault still reports what was known by then. */
async function measure(options: TrialOptions, draft: Measurement): Promise<void> {
  const { base, baseSha, candidate, candidateSha } = options;
  await expectCommit(base, baseSha, 'base');
  await expectCommit(candidate, candidateSha, 'candidate');
  draft.tree = await resolveRevision(candidate, `${candidateSha}^{tree}`);

  const scratch = await realpath(options.scratch);
  const contract = await readContract(base, baseSha);
  const command = parseCommand(options.command);
  const directories = {
    work: join(scratch, 'work'),
    home: join(scratch, 'home'),
    temporary: join(scratch, 'tmp'),
  };
  for (const directory of Object.values(directories)) await mkdir(directory);
  const env = trialEnvironment({
    machine: options.environment,
    home: directories.home,
    temporary: directories.temporary,
    seed: options.seed,
    budgetSeconds: options.budgetSeconds,
  });
  draft.machine = await machineClass(command, env, directories.home);
  const problem = await assemble({
    ...options,
    editable: contract.editable,
    workDir: directories.work,
    indexFile: join(scratch, 'index'),
  });
  if (problem) {
    draft.outcome = refusal(problem);
    return;
  }
  const dataDir = env.AUTORESEARCH_DATA;
  const limits = { ...limitsOfMachine(), ...options.limits };
  const { HOME: home } = options.environment;
  const sandbox = {
    command,
    env,
    workDir: directories.work,
    scratch,
    limits,
    readable: options.readable ?? [],
    // A process that ends between two looks at its CPU seconds would not be counted.
    mayFork: contract.trial.clock !== 'cpu',
  };
  const hidden = [base, candidate, scratch, ...(home ? [home] : []), ...(dataDir ? [dataDir] : [])];
  const launched = await launch(
    contract.sandbox,
    { ...sandbox, hidden, machineHome: home ?? '/' },
    options.sandboxOptional ?? false,
    options.onLine,
  );
  draft.sandbox = launched.kind;
  draft.digest = await measureDigest({ ...options, contract, dataDir, sandbox: launched.kind });
  const stage: Stage = {
    options,
    stopBeyond: barFor(draft, options.stop ?? null),
    contract,
    command,
    launched,
    limits,
    scratch,
    shorten: new Map([
      [`${launched.workDir}/`, ''],
      [scratch, '<scratch>'],
    ]),
    digest: draft.digest,
  };
  const { referee } = contract.metric;
  try {
    Object.assign(
      draft,
      referee === undefined ? await runReported(stage) : await runRefereed(stage, referee),
    );
  } finally {
    if (launched.group !== null) await removeGroup(launched.group);
  }
}

/** The stop bar if it applies to this trial's machine class and digest; otherwise null. */
function barFor({ machine, digest }: Measurement, bar: StopBar | null): number | null {
  return bar !== null && bar.machine === machine && bar.digest === digest ? bar.value : null;
}

async function expectCommit(checkout: string, sha: string, name: string): Promise<void> {
  const found = await resolveRevision(checkout, 'HEAD');
  if (found !== sha)
    throw new Error(`Expected the ${name}'s checkout ${checkout} at ${sha}, found ${found}.`);
}
