/** Runs the bundled action as a runner would. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Terms } from '../campaign/evidence/audit-terms.ts';
import { type Measurement, measurementSchema } from '../protocol/measurement.ts';
import { formatStopBar, STOP_INPUT, type StopBar } from '../protocol/stop-bar.ts';
import type { Checkout } from '../trial/fixture.test-helper.ts';

const run = promisify(execFile);
export const CHECKOUT = new URL('../..', import.meta.url).pathname;
const ACTION = join(CHECKOUT, 'dist/action.js');

/** One trial, with all that people can read of it. */
export interface Told {
  measurement: Measurement;
  /** Of the job's page. */
  summary: string;
  log: string;
}

export interface Job {
  /** Folder with the prepared data in `data`; the job's own folders are made in it, and removed. */
  root: string;
  base: Checkout;
  candidate: Checkout;
  trial: string;
  seed: number;
  budget: number;
  timeout: number;
  terms: Terms | null;
  stop: StopBar | null;
}

/** Takes the measurement of one trial. Fails the test where there is none. */
export async function act(job: Job): Promise<Told> {
  const { root, terms } = job;
  mkdirSync(join(root, 'home'), { recursive: true });
  const own = mkdtempSync(join(root, 'job-'));
  const workspace = join(own, 'workspace');
  const temp = join(own, 'temp');
  for (const folder of [workspace, temp]) mkdirSync(folder);
  symlinkSync(job.base.dir, join(workspace, 'base'));
  symlinkSync(job.candidate.dir, join(workspace, 'candidate'));
  const inputs = {
    trial: job.trial,
    base: 'base',
    candidate: 'candidate',
    'base-sha': job.base.sha,
    'candidate-sha': job.candidate.sha,
    seed: job.seed,
    budget: job.budget,
    timeout: job.timeout,
    command: 'python3 trainer/train.py',
    threshold: terms?.threshold ?? '',
    'champion-startup': terms?.startupSeconds ?? '',
    'champion-scoring': terms?.scoringSeconds ?? '',
    [STOP_INPUT]: formatStopBar(job.stop),
  };
  const env: NodeJS.ProcessEnv = {
    PATH: [join(CHECKOUT, '.venv/bin'), process.env.PATH].join(delimiter),
    HOME: join(root, 'home'),
    AUTORESEARCH_DATA: join(root, 'data'),
    GITHUB_WORKSPACE: workspace,
    GITHUB_STEP_SUMMARY: join(temp, 'summary'),
    RUNNER_TEMP: temp,
  };
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = String(value);
  try {
    const { stdout: log } = await run(process.execPath, [ACTION], {
      env,
      cwd: workspace,
      maxBuffer: 2 ** 24,
    });
    const written = readFileSync(join(workspace, 'measurement/measurement.json'), 'utf8');
    const summary = readFileSync(join(temp, 'summary'), 'utf8');
    return { measurement: measurementSchema.parse(JSON.parse(written)), summary, log };
  } catch (error) {
    return assert.fail(`Expected a measurement, found ${(error as { stdout?: string }).stdout ?? error}`);
  } finally {
    rmSync(own, { recursive: true });
  }
}
