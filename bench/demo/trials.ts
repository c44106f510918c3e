/** Single trials of a repository of the demo's, as its runner takes them, without the App. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { mean } from '../../src/gate/mean.ts';
import type { Measurement } from '../../src/protocol/measurement.ts';
import { trainerEnvironment } from '../../src/starter/own-checkout.ts';
import { readContract } from '../../src/trial/contract.ts';
import { runTrial } from '../../src/trial/run.ts';

/** Above this, start-up and scoring are late even on a busy machine. */
const BESIDE_BUDGET_SECONDS = 900;

export interface Trials {
  /** Measures `commit` once, without an audit. */
  measure(commit: string, seed: number): Promise<Measurement>;
  /** The commit that a name leads to. */
  commit(name: string): Promise<string>;
}

/** Calls `use` with the trials of the git repository at `source`, whose contract is that of its tip, and cleans up. */
export async function withTrials<T>(source: string, use: (trials: Trials) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-bench-'));
  const git = async (...args: string[]) => (await execa('git', ['-C', source, ...args])).stdout.trim();
  let count = 0;
  try {
    return await use({
      commit: name => git('rev-parse', `${name}^{commit}`),
      async measure(commit, seed) {
        const own = join(folder, String(++count));
        const [checkout, scratch] = [join(own, 'checkout'), join(own, 'scratch')];
        await mkdir(scratch, { recursive: true });
        await execa('git', ['clone', '--quiet', '--no-checkout', source, checkout]);
        await execa('git', ['-C', checkout, 'checkout', '--quiet', '--detach', commit]);
        const { trial } = await readContract(checkout, commit);
        return runTrial({
          trial: `0/0.${count}`,
          base: checkout,
          baseSha: commit,
          candidate: checkout,
          candidateSha: commit,
          seed,
          budgetSeconds: trial.budget,
          timeoutSeconds: trial.budget + BESIDE_BUDGET_SECONDS,
          command: 'python3 trainer/train.py',
          scratch,
          environment: trainerEnvironment(process.env),
          onLine: () => {},
          terms: { threshold: 0, championStartupSeconds: null, championScoringSeconds: null },
          sandboxOptional: true,
        });
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The score, or NaN with the reason on standard error. */
export function scoreOf({ outcome }: Measurement): number {
  if (outcome.status === 'measured') return outcome.value;
  console.error(`  ${outcome.status}: ${'message' in outcome ? outcome.message : outcome.value}`);
  return Number.NaN;
}

/** Standard deviation of a sample; NaN for fewer than two values. */
export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** `load 3.10 on 2 cores`, of the last minute. */
export function loadText(): string {
  return `load ${(loadavg()[0] ?? 0).toFixed(2)} on ${availableParallelism()} cores`;
}
