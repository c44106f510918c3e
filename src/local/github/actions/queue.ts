/** The runner's side: the job queue. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { zipSync } from 'fflate';
import type { Job, JobQueue } from '../../jobs.ts';
import { GitHubError } from '../errors.ts';
import type { Repository, Run, RunJob } from '../state.ts';
import {
  artifactPath,
  fullName,
  logPath,
  nextId,
  randomToken,
  seconds,
  timestamp,
  type World,
} from '../world.ts';
import { endJob, jobsOf, startJob, workflowText } from './runs.ts';

const TOKEN_HOURS = 24;
const LABELS_OF_ALL = 'self-hosted';

interface Found {
  repository: Repository;
  run: Run;
  job: RunJob;
}

interface Waiting {
  runner: { name: string; labels: readonly string[] };
  resolve(job: Job): void;
  reject(error: unknown): void;
}

export interface ServerQueue extends JobQueue {
  /** Hands queued jobs to waiting runners. Call it when there may be new ones. */
  offer(): void;
  /** The runners that have asked for jobs since the server started. */
  runners(): { name: string; labels: readonly string[]; busy: boolean }[];
  /** Cancels a run: queued jobs end at once, running ones when their runner says so. Throws 409 where it is over. */
  cancel(repository: Repository, run: Run): void;
}

/** The queue of this server. Jobs that were running when an earlier server stopped have lost their runner and fail. */
export function openQueue(world: World): ServerQueue {
  const waiting: Waiting[] = [];
  const known = new Map<string, readonly string[]>();
  const cancelling = new Map<number, AbortController>();

  const controller = (jobId: number) => {
    const known = cancelling.get(jobId) ?? new AbortController();
    cancelling.set(jobId, known);
    return known;
  };
  const offer = () => {
    for (const one of [...waiting]) {
      const found = queuedFor(world, one.runner.labels);
      if (!found) continue;
      waiting.splice(waiting.indexOf(one), 1);
      startJob(world, found.repository, found.run, found.job, one.runner.name);
      jobFor(world, found).then(one.resolve, one.reject);
    }
  };
  const end = (found: Found, conclusion: Parameters<typeof endJob>[3]) => {
    endJob(world, found.repository, found.job, conclusion);
    cancelling.delete(found.job.id);
    offer();
  };

  for (const found of allJobs(world)) {
    if (found.job.status !== 'in_progress') continue;
    writeLog(world, found.job.id, 'The runner was lost when the server stopped.\n');
    end(found, 'failure');
  }

  return {
    offer,
    runners: () =>
      [...known].map(([name, labels]) => ({
        name,
        labels: [...new Set([LABELS_OF_ALL, ...labels])],
        busy: !waiting.some(({ runner }) => runner.name === name),
      })),
    take: (runner, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        known.set(runner.name, runner.labels);
        const onAbort = () => {
          const at = waiting.indexOf(one);
          // A runner that already has its job gets it all the same, so that no job is left without a runner.
          if (at < 0) return;
          waiting.splice(at, 1);
          reject(signal.reason);
        };
        const one: Waiting = {
          runner,
          reject,
          resolve(job) {
            signal.removeEventListener('abort', onAbort);
            resolve(job);
          },
        };
        waiting.push(one);
        signal.addEventListener('abort', onAbort, { once: true });
        offer();
      }),
    log: (jobId, text) => writeLog(world, findJob(world, jobId).job.id, text),
    steps(jobId, steps) {
      findJob(world, jobId).job.steps = steps.map(step => ({ ...step }));
      world.changed();
    },
    upload: (runId, name, files) => storeArtifact(world, runId, name, files),
    cancelled: jobId => controller(jobId).signal,
    complete: (jobId, conclusion) => end(findJob(world, jobId), conclusion),
    cancel(repository, run) {
      if (run.status === 'completed') {
        throw new GitHubError(409, 'Cannot cancel a workflow run that is completed.');
      }
      for (const job of jobsOf(repository, run)) {
        if (job.status === 'queued') end({ repository, run, job }, 'cancelled');
        else if (job.status === 'in_progress') controller(job.id).abort(new Error('The run was canceled.'));
      }
    },
  };
}

function allJobs(world: World): Found[] {
  return world.state.repositories.flatMap(repository => {
    const runs = new Map(repository.runs.map(run => [run.id, run]));
    return repository.jobs.flatMap(job => {
      const run = runs.get(job.runId);
      return run ? [{ repository, run, job }] : [];
    });
  });
}

/** The oldest job that waits for a runner with these labels; every runner is `self-hosted`. */
function queuedFor(world: World, labels: readonly string[]): Found | undefined {
  const held = [LABELS_OF_ALL, ...labels].map(label => label.toLowerCase());
  return allJobs(world).find(
    ({ job }) => job.status === 'queued' && job.labels.every(label => held.includes(label.toLowerCase())),
  );
}

function findJob(world: World, jobId: number): Found {
  const found = allJobs(world).find(({ job }) => job.id === jobId);
  if (!found) throw new Error(`Expected the id of a job, found ${jobId}.`);
  return found;
}

async function jobFor(world: World, { repository, run, job }: Found): Promise<Job> {
  const text = await workflowText(world, repository, run.path, run.headSha);
  if (text === null) throw new Error(`Expected ${run.path} at ${run.headSha}, found nothing.`);
  const token = randomToken();
  world.state.tokens.push({
    token,
    kind: 'job',
    job: job.id,
    repository: repository.id,
    expiresAt: seconds(new Date(Date.now() + TOKEN_HOURS * 3_600_000)),
  });
  world.changed();
  return {
    runId: run.id,
    jobId: job.id,
    name: job.key,
    repository: fullName(repository),
    workflowPath: run.path,
    workflowText: text,
    title: run.title,
    ref: run.ref,
    headSha: run.headSha,
    inputs: { ...run.inputs },
    actor: run.actor,
    serverUrl: world.url,
    token,
  };
}

function writeLog(world: World, jobId: number, text: string): void {
  const path = logPath(world, jobId);
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, text);
}

function storeArtifact(
  world: World,
  runId: number,
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const repository = world.state.repositories.find(one => one.runs.some(run => run.id === runId));
  if (!repository) throw new Error(`Expected the id of a run, found ${runId}.`);
  const twin = repository.artifacts.some(one => one.runId === runId && one.name === name);
  if (twin) throw new Error(`Run ${runId} already has an artifact named ${name}. Choose another name.`);
  const zip = zipSync(Object.fromEntries(files));
  const id = nextId(world);
  const path = artifactPath(world, id);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, zip);
  repository.artifacts.push({ id, runId, name, sizeBytes: zip.length, createdAt: timestamp(world) });
}
