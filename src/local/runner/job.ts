/** Runs one job: its steps in order, in a workspace of its own. */
import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from '../../trial/remove.ts';
import type { Conclusion, Job, JobQueue, JobStep } from '../jobs.ts';
import { shouldRun } from './condition.ts';
import { contextsOf, eventPath, interpolateAll, type JobContext, type RunnerOptions } from './context.ts';
import { createLog, type JobLog } from './log.ts';
import { runStep, stepName } from './step.ts';
import { readWorkflowJob, type WorkflowJob } from './workflow.ts';

/** Time limit for steps with `if: always()` that run after a job was cancelled. They are not cancelled again. */
const CLEAN_UP_SECONDS = 300;

/** Runs the job and reports log, steps and conclusion to the queue. Throws only errors of the queue. */
export async function runJob(queue: JobQueue, job: Job, runner: RunnerOptions): Promise<void> {
  const log = createLog(line => {
    queue.log(job.jobId, `${line}\n`);
    runner.onLine?.(job, line);
  });
  log.mask(job.token);
  log.mask(Buffer.from(`x-access-token:${job.token}`).toString('base64'));
  const setUp: JobStep = { name: 'Set up job', status: 'in_progress', conclusion: null };
  queue.steps(job.jobId, [setUp]);
  let root: string | null = null;
  let conclusion: Conclusion = 'failure';
  try {
    const spec = readWorkflowJob(job.workflowPath, job.workflowText, job.name);
    root = await makeRoot(runner.dir);
    const context = await setUpJob(queue, job, spec, runner, log, root);
    log.write(`Runner: ${runner.name}, workflow: ${spec.workflow}, job: ${job.name}`);
    conclusion = await runSteps(context, { ...setUp, status: 'completed', conclusion: 'success' });
  } catch (error) {
    log.write(`##[error]${(error as Error).message}`);
    queue.steps(job.jobId, [{ ...setUp, status: 'completed', conclusion: 'failure' }]);
  } finally {
    // A job that leaves something behind has ended nevertheless.
    if (root) await removeFolder(root).catch(error => log.write(`##[warning]${(error as Error).message}`));
  }
  queue.complete(job.jobId, conclusion);
}

async function makeRoot(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  return realpath(await mkdtemp(join(dir, 'job-')));
}

async function setUpJob(
  queue: JobQueue,
  job: Job,
  spec: WorkflowJob,
  runner: RunnerOptions,
  log: JobLog,
  root: string,
): Promise<JobContext> {
  const workspace = join(root, 'workspace');
  const temp = join(root, 'temp');
  await mkdir(workspace);
  await mkdir(temp);
  await writeFile(eventPath({ temp }), JSON.stringify({ inputs: job.inputs, ref: job.ref }));
  const context: JobContext = {
    queue,
    job,
    spec,
    runner,
    log,
    root,
    workspace,
    temp,
    status: 'success',
    env: {},
    path: [],
    steps: {},
  };
  for (const block of spec.env) {
    context.env = { ...context.env, ...interpolateAll(block, contextsOf(context, context.env)) };
  }
  return context;
}

/** Runs all steps whose `if` is true, and reports their progress to the queue. */
async function runSteps(context: JobContext, setUp: JobStep): Promise<Conclusion> {
  const { queue, job, spec, runner, log } = context;
  const board: JobStep[] = [
    setUp,
    ...spec.steps.map((step): JobStep => ({ name: stepName(step), status: 'queued', conclusion: null })),
  ];
  const show = (index: number, change: Partial<JobStep>) => {
    const row = board[index + 1];
    if (row) Object.assign(row, change);
    queue.steps(
      job.jobId,
      board.map(each => ({ ...each })),
    );
  };
  const timeout = AbortSignal.timeout(spec.timeoutMinutes * 60_000);
  const stop = AbortSignal.any([runner.signal, queue.cancelled(job.jobId), timeout]);

  for (const [index, step] of spec.steps.entries()) {
    if (stop.aborted) context.status = 'cancelled';
    if (runner.signal.aborted || !shouldRun(step.if, contextsOf(context, context.env))) {
      show(index, { status: 'completed', conclusion: 'skipped' });
      continue;
    }
    show(index, { status: 'in_progress' });
    const signal = stop.aborted
      ? AbortSignal.any([runner.signal, AbortSignal.timeout(CLEAN_UP_SECONDS * 1000)])
      : stop;
    const succeeded = await runStep(context, step, signal);
    if (stop.aborted) context.status = 'cancelled';
    else if (!succeeded && !step['continue-on-error']) context.status = 'failure';
    show(index, {
      status: 'completed',
      conclusion:
        succeeded || step['continue-on-error'] ? 'success' : signal.aborted ? 'cancelled' : 'failure',
    });
  }
  if (!stop.aborted) return context.status;
  log.write(
    timeout.aborted
      ? `##[error]The job exceeded its timeout of ${spec.timeoutMinutes} min.`
      : '##[error]The job was cancelled.',
  );
  return timeout.aborted ? 'timed_out' : 'cancelled';
}
