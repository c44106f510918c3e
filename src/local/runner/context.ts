/** What the steps of a job share: directories, environment, results so far. */
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { pickMachineVariables } from '../../trial/environment.ts';
import { type Contexts, interpolate } from '../expression.ts';
import { type Job, type JobQueue, TRIGGER } from '../jobs.ts';
import type { JobContexts, JobStatus } from './condition.ts';
import type { JobLog } from './log.ts';
import { typedInputs, type WorkflowJob, type WorkflowStep } from './workflow.ts';

export interface RunnerOptions {
  name: string;
  labels: string[];
  /** Directory in which workspaces are created, and removed afterwards. */
  dir: string;
  /** PATH of the steps. */
  path: string;
  /** Further variables of the steps. */
  env?: Record<string, string>;
  signal: AbortSignal;
  /** Directory of the action that `uses: OWNER/autoresearch-bot@REF` refers to. */
  actionDir?: string;
  /** Called with every line of a job's log as it is written. */
  onLine?: (job: Job, line: string) => void;
}

export interface JobContext {
  readonly queue: JobQueue;
  readonly job: Job;
  readonly spec: WorkflowJob;
  readonly runner: RunnerOptions;
  readonly log: JobLog;
  /** The job's directory, its workspace and its temporary directory. */
  readonly root: string;
  readonly workspace: string;
  readonly temp: string;
  status: JobStatus;
  /** `env` of workflow and job, plus variables that steps added through GITHUB_ENV. */
  env: Record<string, string>;
  /** Folders that steps prepended to PATH. */
  path: string[];
  steps: Record<string, { outputs: Record<string, string>; outcome: string; conclusion: string }>;
}

/** One step, ready to run. */
export interface StepRun {
  context: JobContext;
  step: WorkflowStep;
  /** Name to evaluated value. */
  with: Record<string, string>;
  /** The complete environment. */
  env: Record<string, string>;
  contexts: Contexts;
  signal: AbortSignal;
  onLine: (line: string) => void;
}

const OS_NAMES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'Linux',
  darwin: 'macOS',
  win32: 'Windows',
};

/** The current contexts of expressions. `env` is the environment that the step sees. */
export function contextsOf(context: JobContext, env: Record<string, string>): JobContexts {
  const { job } = context;
  return {
    github: { ...githubFacts(context), token: job.token, event: { inputs: job.inputs } },
    inputs: typedInputs(job.workflowText, job.inputs),
    env,
    steps: context.steps,
    job: { status: context.status },
    runner: runnerFacts(context),
    secrets: { GITHUB_TOKEN: job.token },
  };
}

/** Evaluates the values of an `env` or `with` block. */
export function interpolateAll(values: Record<string, string>, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, text]) => [name, interpolate(text, contexts)]),
  );
}

/** Variables from the machine and from whoever started the runner. The workflow may override them. */
export function machineEnvironment({ runner, path }: JobContext): Record<string, string> {
  const { HOME, USER } = process.env;
  return {
    ...pickMachineVariables(process.env),
    ...(HOME ? { HOME } : {}),
    ...(USER ? { USER } : {}),
    ...runner.env,
    PATH: [...path, runner.path].join(':'),
  };
}

/** The documented variables of GitHub Actions, which a workflow cannot override. */
export function actionsEnvironment(context: JobContext): Record<string, string> {
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_PATH: eventPath(context),
    ...prefixed('GITHUB_', githubFacts(context)),
    ...prefixed('RUNNER_', runnerFacts(context)),
  };
}

/** Path of the file with the event that started the run, as JSON. */
export function eventPath({ temp }: Pick<JobContext, 'temp'>): string {
  return join(temp, 'event.json');
}

function githubFacts({ job, spec, workspace }: JobContext): Record<string, string> {
  const [owner = ''] = job.repository.split('/');
  return {
    actor: job.actor,
    api_url: `${job.serverUrl}/api/v3`,
    event_name: TRIGGER,
    job: job.name,
    ref: job.ref,
    ref_name: job.ref.replace(/^refs\/(heads|tags)\//, ''),
    repository: job.repository,
    repository_owner: owner,
    run_attempt: '1',
    run_id: String(job.runId),
    server_url: job.serverUrl,
    sha: job.headSha,
    workflow: spec.workflow,
    workspace,
  };
}

function runnerFacts({ runner, temp }: JobContext): Record<string, string> {
  return { arch: arch().toUpperCase(), name: runner.name, os: OS_NAMES[platform()] ?? platform(), temp };
}

function prefixed(prefix: string, facts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [prefix + name.toUpperCase(), value]),
  );
}
