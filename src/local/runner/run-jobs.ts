/** A runner on this machine, which runs jobs of the local GitHub one at a time. */
import type { Job, JobQueue } from '../jobs.ts';
import type { RunnerOptions } from './context.ts';
import { runJob } from './job.ts';

/** Runs jobs until `options.signal` is aborted. A job that is running then ends as cancelled. */
export async function runJobs(queue: JobQueue, options: RunnerOptions): Promise<void> {
  const { name, labels, signal } = options;
  while (!signal.aborted) {
    let job: Job;
    try {
      job = await queue.take({ name, labels }, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    await runJob(queue, job, options);
  }
}
