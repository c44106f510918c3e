/** Runs one trial: base plus the candidate's editable files, one seed, one budget, one measurement. */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contract } from '../campaign/contract.ts';
import type { Measurement, Outcome } from '../campaign/measurement.ts';
import { assemble } from './assemble.ts';
import { classify, fault, refusal } from './classify.ts';
import { type Command, parseCommand } from './command.ts';
import { readContract } from './contract.ts';
import { measureDigest } from './digest.ts';
import { trialEnvironment } from './environment.ts';
import { resolveRevision } from './git.ts';
import { machineClass } from './machine.ts';
import { type MemoryWatch, watchMemory } from './memory.ts';
import { collectOutput, type Output } from './output.ts';
import { runProcess } from './process.ts';
import { wrap } from './sandbox.ts';

export interface TrialOptions {
  trial: string;
  /** Git checkouts, and the commits that they must be at. */
  base: string;
  baseSha: string;
  candidate: string;
  candidateSha: string;
  seed: number;
  budgetSeconds: number;
  /** From the start of the command to its end; then it is killed. */
  timeoutSeconds: number;
  /** See `parseCommand`. Runs in the root of the assembled directory. */
  command: string;
  /** An empty directory of the trial's own; the caller removes it. */
  scratch: string;
  /** Environment of this process, from which a short list is passed on. */
  environment: NodeJS.ProcessEnv;
  /** Every line that the candidate prints. */
  onLine: (line: string) => void;
  signal?: AbortSignal;
}

const UNKNOWN_TREE = '0'.repeat(40);

/** What the run of the command brought, before it is put into a measurement. */
interface Run {
  outcome: Outcome;
  output: Output;
  peakMb: number;
}

/**
 * Takes the measurement of one trial. Whatever the candidate does wrong is a `crash`, whatever the machine does wrong is a
 * `fault`; only an abort through `signal` throws (its reason).
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
    outcome: fault('the trial did not start'),
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
  return draft;
}

/** Fills `draft` step by step, so that a fault still tells what was known by then. */
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
  draft.digest = await measureDigest({ ...options, contract, dataDir: env.AUTORESEARCH_DATA });
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
  const run = await runCommand(options, contract, command, env, directories.work, scratch);
  record(run, contract.metric.name, draft);
}

async function expectCommit(checkout: string, sha: string, name: string): Promise<void> {
  const found = await resolveRevision(checkout, 'HEAD');
  if (found !== sha) throw new Error(`Expected the ${name} checkout ${checkout} at ${sha}, found ${found}.`);
}

async function runCommand(
  options: TrialOptions,
  contract: Contract,
  command: Command,
  env: Record<string, string>,
  workDir: string,
  scratch: string,
): Promise<Run> {
  const { timeoutSeconds, signal } = options;
  const output = collectOutput(contract.metric.name);
  let memory: MemoryWatch | undefined;
  const { file, args } = wrap(command);
  try {
    const result = await runProcess({
      file,
      args,
      cwd: workDir,
      env,
      timeoutSeconds,
      graceSeconds: 0,
      marker: scratch,
      ...(signal ? { signal } : {}),
      onStart: pid => {
        memory = watchMemory(pid);
      },
      onLine: line => {
        output.take(line);
        options.onLine(line);
      },
    });
    const outcome = classify({
      result,
      metric: output.metric(),
      metricName: contract.metric.name,
      tail: output.tail(),
      timeoutSeconds,
      throughShell: command.throughShell,
      shorten: new Map([
        [`${workDir}/`, ''],
        [scratch, '<scratch>'],
      ]),
    });
    return { outcome, output, peakMb: memory?.peakMb() ?? 0 };
  } finally {
    memory?.stop();
  }
}

function record({ outcome, output, peakMb }: Run, metricName: string, draft: Measurement): void {
  const { training_seconds: trainingSeconds, peak_vram_mb: reportedPeak, ...reported } = output.reported();
  draft.outcome = outcome;
  draft.trainingSeconds = Math.max(0, trainingSeconds ?? 0);
  // A CPU run reports 0 MB of video memory: then the resident peak says more.
  draft.peakMemoryMb = reportedPeak !== undefined && reportedPeak > 0 ? reportedPeak : peakMb;
  // The metric is the outcome.
  delete reported[metricName];
  draft.reported = reported;
}
