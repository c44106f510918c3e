/** A runner that takes the trials of a story in this process: the trial of the action, without a job's processes around it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Conclusion, Job, JobQueue } from '../local/jobs.ts';
import { MEASUREMENT_ARTIFACT, MEASUREMENT_FILE } from '../protocol/measurement.ts';
import { readInputs } from '../trial/inputs.ts';
import { runTrial } from '../trial/run.ts';
import { COMMAND } from './repository.test-helper.ts';

interface Options {
  /** For what a trial needs while it runs. */
  dir: string;
  /** Of the prepared data. */
  data: string;
  signal: AbortSignal;
}

const RUNNER = { name: 'runner', labels: ['self-hosted', 'gpu'] };

/** Takes trials, one after the other, until it is told to stop. */
export async function takeTrials(queue: JobQueue, options: Options): Promise<void> {
  while (!options.signal.aborted) {
    const job = await queue.take(RUNNER, options.signal).catch(() => null);
    if (job) queue.complete(job.jobId, await takeTrial(queue, job, options));
  }
}

/** Takes the trials that are asked for now; returns how many. */
export async function takeQueuedTrials(queue: JobQueue, options: Options): Promise<number> {
  for (let taken = 0; ; taken++) {
    const none = new AbortController();
    const taking = queue.take(RUNNER, none.signal).catch(() => null);
    // A job that is there was handed out at once.
    none.abort();
    const job = await taking;
    if (!job) return taken;
    queue.complete(job.jobId, await takeTrial(queue, job, options));
  }
}

async function takeTrial(queue: JobQueue, job: Job, { dir, data, signal }: Options): Promise<Conclusion> {
  mkdirSync(dir, { recursive: true });
  const root = mkdtempSync(join(dir, 'trial-'));
  const stop = AbortSignal.any([signal, queue.cancelled(job.jobId)]);
  try {
    const measurement = await measure(queue, job, root, data, stop);
    const text = new TextEncoder().encode(JSON.stringify(measurement));
    queue.upload(job.runId, MEASUREMENT_ARTIFACT, new Map([[MEASUREMENT_FILE, text]]));
    return measurement.outcome.status === 'fault' ? 'failure' : 'success';
  } catch (error) {
    if (stop.aborted) return 'cancelled';
    throw error;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function measure(queue: JobQueue, job: Job, root: string, data: string, signal: AbortSignal) {
  const inputs = readInputs({ ...inputsOf(job), INPUT_COMMAND: COMMAND });
  const objects = await fetchCommits(job, join(root, 'fetched'));
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  return runTrial({
    ...inputs,
    base: checkOut(join(root, 'base'), objects, inputs['base-sha']),
    baseSha: inputs['base-sha'],
    candidate: checkOut(join(root, 'candidate'), objects, inputs['candidate-sha']),
    candidateSha: inputs['candidate-sha'],
    budgetSeconds: inputs.budget,
    timeoutSeconds: inputs.timeout,
    stop: inputs['stop-worse-than'],
    scratch,
    environment: { PATH: process.env.PATH, HOME: root, AUTORESEARCH_DATA: data },
    onLine: line => queue.log(job.jobId, `${line}\n`),
    signal,
  });
}

/** What the workflow hands to the action. */
function inputsOf({ inputs }: Job): Record<string, string> {
  const { base = '', candidate = '' } = inputs;
  const given = {
    ...inputs,
    base: 'base',
    candidate: 'candidate',
    'base-sha': base,
    'candidate-sha': candidate,
  };
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
}

/** Fetches base and candidate with the job's token; returns where git keeps their objects. */
async function fetchCommits({ serverUrl, repository, token, inputs }: Job, dir: string): Promise<string> {
  const git = (...args: string[]) => promisify(execFile)('git', args, { cwd: dir });
  mkdirSync(dir);
  await git('init', '--quiet', '--bare');
  const url = `${serverUrl.replace('//', `//x-access-token:${token}@`)}/${repository}.git`;
  await git('fetch', '--quiet', '--depth=1', url, inputs.base ?? '', inputs.candidate ?? '');
  return join(dir, 'objects');
}

/** A checkout of a commit, as far as a trial looks at it: its objects, and where it is at. */
function checkOut(dir: string, objects: string, sha: string): string {
  mkdirSync(join(dir, '.git/objects/info'), { recursive: true });
  mkdirSync(join(dir, '.git/refs'));
  writeFileSync(join(dir, '.git/objects/info/alternates'), `${objects}\n`);
  writeFileSync(join(dir, '.git/HEAD'), `${sha}\n`);
  return dir;
}
