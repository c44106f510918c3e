/** The life of workflow runs: dispatch, and what their jobs' progress does to them. */
import { TRIGGER } from '../../jobs.ts';
import { addCheckRun } from '../checks.ts';
import { invalid, notFound } from '../errors.ts';
import { presentRun, presentWorkflow } from '../present/run.ts';
import type { CheckConclusion, Repository, Run, RunJob, Workflow } from '../state.ts';
import { fullName, nextId, timestamp, type World } from '../world.ts';
import { dispatchInputs, evaluated, parseWorkflow, WORKFLOWS, type WorkflowFile } from './workflow.ts';

/** The workflow of that file name on the default branch; it gets an id when it is first asked for. Throws 404. */
export async function workflowOf(world: World, repository: Repository, name: string): Promise<Workflow> {
  const path = `${WORKFLOWS}/${name}`;
  const tip = await world.git(repository).refSha(`refs/heads/${repository.defaultBranch}`);
  const isThere =
    tip !== null &&
    /^[^/]+\.ya?ml$/.test(name) &&
    (await workflowText(world, repository, path, tip)) !== null;
  if (!isThere) throw notFound();
  const known = repository.workflows.find(one => one.path === path);
  if (known) return known;
  const workflow = { id: nextId(world), path, createdAt: timestamp(world) };
  repository.workflows.push(workflow);
  return workflow;
}

/** Text of a workflow file at a commit; null where it is not there. */
export async function workflowText(
  world: World,
  repository: Repository,
  path: string,
  sha: string,
): Promise<string | null> {
  const file = await world.git(repository).entry(sha, path);
  return file?.type === 'blob' ? file.content.toString('utf8') : null;
}

/** Starts a run of a workflow as it is at `ref` (branch, tag or full ref), with its jobs queued. Throws 404 and 422. */
export async function dispatch(
  world: World,
  repository: Repository,
  workflow: Workflow,
  actor: string,
  o: { ref: string; inputs: Record<string, string> },
): Promise<void> {
  const git = world.git(repository);
  const candidates = o.ref.startsWith('refs/') ? [o.ref] : [`refs/heads/${o.ref}`, `refs/tags/${o.ref}`];
  const commits = await Promise.all(candidates.map(ref => git.commit(ref)));
  const at = commits.findIndex(commit => commit !== null);
  const [ref, commit] = [candidates[at], commits[at]];
  if (ref === undefined || !commit) throw invalid(`No ref found for: ${o.ref}`);
  const text = await workflowText(world, repository, workflow.path, commit.sha);
  if (text === null) throw notFound();
  const file = parseWorkflow(workflow.path, text);
  const inputs = dispatchInputs(file, o.inputs);
  const now = timestamp(world);
  const run: Run = {
    id: nextId(world),
    number: repository.runs.filter(one => one.workflowId === workflow.id).length + 1,
    workflowId: workflow.id,
    workflowName: file.name ?? workflow.path,
    path: workflow.path,
    title: file.name ?? workflow.path,
    ref,
    headSha: commit.sha,
    commit,
    inputs,
    actor,
    status: 'queued',
    conclusion: null,
    createdAt: now,
    updatedAt: now,
  };
  const runName = file['run-name'];
  if (runName !== undefined) run.title = evaluated('run-name', runName, contextsOf(repository, run));
  const jobs = newJobs(world, repository, run, file);
  repository.runs.push(run);
  repository.jobs.push(...jobs);
}

function contextsOf(repository: Repository, run: Run) {
  return {
    inputs: run.inputs,
    github: {
      actor: run.actor,
      event_name: TRIGGER,
      ref: run.ref,
      ref_name: run.ref.replace(/^refs\/(heads|tags)\//, ''),
      repository: fullName(repository),
      repository_owner: repository.owner,
      run_attempt: '1',
      run_id: String(run.id),
      run_number: String(run.number),
      sha: run.headSha,
      workflow: run.workflowName,
    },
  };
}

function newJobs(world: World, repository: Repository, run: Run, file: WorkflowFile): RunJob[] {
  const contexts = contextsOf(repository, run);
  return Object.entries(file.jobs).map(([key, job]) => {
    const name = job.name ?? key;
    const labels = job['runs-on'].map(label => evaluated('runs-on', label, contexts));
    const check = addCheckRun(world, repository, { app: 'actions', name, headSha: run.headSha });
    return {
      id: nextId(world),
      runId: run.id,
      key,
      name,
      labels,
      status: 'queued' as const,
      conclusion: null,
      steps: [],
      runner: null,
      checkRunId: check.id,
      startedAt: null,
      completedAt: null,
    };
  });
}

export function jobsOf(repository: Repository, run: Run): RunJob[] {
  return repository.jobs.filter(job => job.runId === run.id);
}

/** Marks a job as taken by a runner, and its run as in progress. */
export function startJob(world: World, repository: Repository, run: Run, job: RunJob, runner: string): void {
  job.status = 'in_progress';
  job.runner = runner;
  job.startedAt = timestamp(world);
  syncCheck(world, repository, job);
  if (run.status !== 'queued') return;
  run.status = 'in_progress';
  run.updatedAt = job.startedAt;
  emitRun(world, repository, run, 'in_progress');
}

/** Ends a job; the run ends with its last one. */
export function endJob(world: World, repository: Repository, job: RunJob, conclusion: CheckConclusion): void {
  if (job.status === 'completed') return;
  job.status = 'completed';
  job.conclusion = conclusion;
  job.completedAt = timestamp(world);
  syncCheck(world, repository, job);
  world.state.tokens = world.state.tokens.filter(token => token.kind !== 'job' || token.job !== job.id);
  const run = repository.runs.find(one => one.id === job.runId);
  if (run) settle(world, repository, run);
}

function settle(world: World, repository: Repository, run: Run): void {
  const jobs = jobsOf(repository, run);
  if (jobs.some(job => job.status !== 'completed')) return;
  const has = (conclusion: CheckConclusion) => jobs.some(job => job.conclusion === conclusion);
  const worst = (['failure', 'timed_out', 'cancelled'] as const).find(has);
  run.status = 'completed';
  run.conclusion = worst === 'timed_out' ? 'failure' : (worst ?? 'success');
  run.updatedAt = timestamp(world);
  world.changed();
  emitRun(world, repository, run, 'completed');
}

function syncCheck(world: World, repository: Repository, job: RunJob): void {
  world.changed();
  const check = repository.checkRuns.find(one => one.id === job.checkRunId);
  if (!check) return;
  const { status, conclusion, completedAt } = job;
  Object.assign(check, { status, conclusion, completedAt, startedAt: job.startedAt ?? check.startedAt });
}

function emitRun(world: World, repository: Repository, run: Run, action: 'in_progress' | 'completed'): void {
  const workflow = repository.workflows.find(one => one.id === run.workflowId);
  if (!workflow) return;
  const payload = {
    action,
    workflow_run: presentRun(world, repository, run),
    workflow: presentWorkflow(world, repository, workflow, run.workflowName),
  };
  world.emit({ name: 'workflow_run', repository, sender: run.actor, payload });
}
