/** The interface between the local GitHub and a local runner, in place of the runner protocol of GitHub Actions. */

/** The only event that starts runs. */
export const TRIGGER = 'workflow_dispatch';

/** One queued job of one workflow run, as a runner receives it. */
export interface Job {
  runId: number;
  jobId: number;
  /** Key of the job in the workflow file. */
  name: string;
  /** `owner/name` */
  repository: string;
  /** Path of the workflow file, such as `.github/workflows/experiment.yml`, and its text at the dispatched ref. */
  workflowPath: string;
  workflowText: string;
  /** The run's `display_title`, from `run-name`. */
  title: string;
  /** Full ref of the dispatch (`refs/heads/main`) and the commit that it pointed to. */
  ref: string;
  headSha: string;
  inputs: Record<string, string>;
  actor: string;
  /** Base URL of the local GitHub, without a slash at the end. REST is at `/api/v3`, git at `/<owner>/<name>.git`. */
  serverUrl: string;
  /** The job's own token, with read access to this repository only. */
  token: string;
}

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'timed_out';

export interface JobStep {
  name: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: Conclusion | 'skipped' | null;
}

/** The part of the local GitHub that a runner uses. */
export interface JobQueue {
  /** Resolves with the next queued job whose `runs-on` labels are all in `labels`, and marks it as in progress. Rejects if aborted. */
  take(runner: { name: string; labels: readonly string[] }, signal: AbortSignal): Promise<Job>;
  /** Appends to the job's log (whole lines, UTF-8). */
  log(jobId: number, text: string): void;
  steps(jobId: number, steps: readonly JobStep[]): void;
  /** Stores an artifact of the run (file name to bytes), which the server zips. */
  upload(runId: number, artifact: string, files: ReadonlyMap<string, Uint8Array>): void;
  /** Aborts when someone cancels the run. */
  cancelled(jobId: number): AbortSignal;
  complete(jobId: number, conclusion: Conclusion): void;
}
