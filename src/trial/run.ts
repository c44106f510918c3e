/** Runs one trial: the base with the candidate's editable files, one seed, one budget, one measurement. */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Measurement, measurementSchema } from '../protocol/measurement.ts';
import type { StopBar } from '../protocol/stop-bar.ts';
import { assemble } from './assemble.ts';
import { fault, refusal } from './classify.ts';
import { type Command, parseCommand } from './command.ts';
import { readContract } from './contract.ts';
import { removeGroup } from './control-group.ts';
import { measureDigest } from './digest.ts';
import { cacheFolders, trialEnvironment } from './environment.ts';
import { blamed, problemBefore, systemCause } from './faults.ts';
import { listTree, resolveRevisions, type TreeEntry } from './git.ts';
import { askGpus } from './gpus.ts';
import { withHint } from './hints.ts';
import { limitsOfMachine } from './limits.ts';
import { machineClass } from './machine.ts';
import type { TrialOptions } from './options.ts';
import { ownProgramProblem } from './own-program.ts';
import { findPackages, usesNode } from './packages.ts';
import { runRefereed } from './refereed.ts';
import { runReported } from './reported.ts';
import { findRuntime } from './runtime.ts';
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
    numbers: {},
  };
  try {
    await measure(options, draft);
  } catch (error) {
    draft.outcome = fault(systemCause(error as Error));
  }
  options.signal?.throwIfAborted();
  draft.totalSeconds = (performance.now() - started) / 1000;
  return measurementSchema.parse(draft);
}

/** Fills `draft` step by step, so that a fault still reports what was known by then. */
async function measure(options: TrialOptions, draft: Measurement): Promise<void> {
  const { base, baseSha, candidate, candidateSha } = options;
  const [, tree] = await Promise.all([
    expectCommit(base, baseSha, 'base'),
    expectCommit(candidate, candidateSha, 'candidate'),
  ]);
  draft.tree = tree;

  const scratch = await realpath(options.scratch);
  const [contract, baseFiles] = await Promise.all([readContract(base, baseSha), listTree(base, baseSha)]);
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
    names: contract.env,
  });
  const isReported = contract.metric.referee === undefined;
  const preparing = [
    askGpus(env),
    runtimeOf(options, command, env, directories.home, isReported, baseFiles),
    assemble({
      ...options,
      baseFiles,
      editable: contract.editable,
      workDir: directories.work,
      indexFile: join(scratch, 'index'),
    }),
  ] as const;
  // Where one of them fails, none goes on writing once the trial has ended.
  await Promise.allSettled(preparing);
  const [gpus, runtime, unfit] = await Promise.all(preparing);
  draft.machine = machineClass(gpus, runtime.versions);
  const packages = runtime.packages.map(({ name }) => name);
  const problem = unfit ?? (await ownProgramProblem(command, directories.work, packages));
  if (problem !== null) {
    draft.sandbox = contract.sandbox;
    draft.outcome = refusal(problem);
    return;
  }
  const obstacle = await problemBefore(gpus, scratch);
  if (obstacle !== null) throw new Error(obstacle);
  const dataDir = env.AUTORESEARCH_DATA;
  const limits = { ...limitsOfMachine(), ...options.limits };
  const { HOME: home } = options.environment;
  const launched = await launch(
    contract.sandbox,
    {
      runtime,
      env,
      workDir: directories.work,
      scratch,
      limits,
      readable: options.readable ?? [],
      // A process that ends between two looks at its CPU seconds would not be counted.
      mayFork: contract.trial.clock !== 'cpu',
      // Text that a referee holds back may be among the downloads.
      caches: isReported ? cacheFolders(options.environment) : {},
      isWorkWritable: isReported,
      hidden: [base, candidate, options.packages, scratch, home, dataDir].filter(path => path !== undefined),
      machineHome: home ?? '/',
    },
    options.sandboxOptional ?? false,
    options.onLine,
  );
  draft.sandbox = launched.kind;
  const sandbox = launched.kind;
  draft.digest = await measureDigest({ ...options, files: baseFiles, contract, dataDir, sandbox });
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
  if (draft.outcome.status !== 'crash') return;
  draft.outcome = await blamed(draft.outcome, {
    before: gpus,
    after: await askGpus(env),
    isChampion: baseSha === candidateSha,
    folder: scratch,
  });
  const { outcome } = draft;
  if (outcome.status === 'crash')
    outcome.message = withHint(outcome.message, outcome.traceback, sandbox !== 'none');
}

/** The stop bar if it applies to this trial's machine class and digest; otherwise null. */
function barFor({ machine, digest }: Measurement, bar: StopBar | null): number | null {
  return bar !== null && bar.machine === machine && bar.digest === digest ? bar.value : null;
}

/** Throws if the checkout is at another commit. Returns the commit's tree. */
async function expectCommit(checkout: string, sha: string, name: string): Promise<string> {
  const [found = '', tree = ''] = await resolveRevisions(checkout, ['HEAD', 'HEAD^{tree}']);
  if (found !== sha)
    throw new Error(`Expected the ${name}'s checkout ${checkout} at ${sha}, found ${found}.`);
  return tree;
}

/** What the command needs from the machine. Packages of Node are only there for a repository that uses them. */
async function runtimeOf(
  options: TrialOptions,
  command: Command,
  env: Record<string, string>,
  cwd: string,
  isReported: boolean,
  baseFiles: readonly TreeEntry[],
) {
  const files = baseFiles.map(({ path }) => path);
  const withNode = isReported && usesNode(command, files);
  const packages = await findPackages(options.packages ?? options.base, files, withNode);
  return findRuntime(command, env, { cwd, packages, usesNode: withNode });
}
