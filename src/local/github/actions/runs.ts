/** The life of workflow runs: dispatch, cancel, re-run, and what their jobs' progress does to them. */

import { addCheckRun, emitCheckRun } from '../checks.ts';
import { GitHubError, invalid, notFound } from '../errors.ts';
import { presentRun, presentWorkflow } from '../present/run.ts';
import type { CheckConclusion, Repository, Run, RunJob, Workflow } from '../state.ts';
import { fullName, nextId, timestamp, type World } from '../world.ts';
import { type Contexts, interpolate } from './expression.ts';
import { dispatchInputs, labelsOf, parseWorkflow, type WorkflowFile } from './workflow.ts';

const FOLDER = '.github/workflows';

/** The workflows on the default branch; ids are given when a file is first seen. */
export async function workflowsOf(world: World, repository: Repository): Promise<Workflow[]> {
  const folder = await world.git(repository).tree(`refs/heads/${repository.defaultBranch}:${FOLDER}`);
  const names = (folder?.entries ?? []).filter(entry => /\.ya?ml$/.test(entry.path));
  return names.map(({ path: name }) => {
    const path = `${FOLDER}/${name}`;
    const known = repository.workflows.find(one => one.path === path);
    if (known) return known;
    const workflow = { id: nextId(world), path, createdAt: timestamp(world) };
    repository.workflows.push(workflow);
    return workflow;
  });
}

/** The workflow by file name or id. Throws 404. */
export async function workflowOf(world: World, repository: Repository, key: string): Promise<Workflow> {
  const workflows = await workflowsOf(world, repository);
  const found = workflows.find(one => String(one.id) === key || one.path === `${FOLDER}/${key}`);
  if (!found) throw notFound();
  return found;
}

/** Text of a workflow file at a revision; null where it is not there. */
export async function workflowText(
  world: World,
  repository: Repository,
  path: string,
  revision: string,
): Promise<string | null> {
  const file = await world.git(repository).read(`${revision}:${path}`);
  return file?.type === 'blob' ? file.content.toString('utf8') : null;
}

/** Starts a run of a workflow as it stands at `ref` (branch, tag or full ref), with its jobs queued. Throws 404 and 422. */
export async function dispatch(
  world: World,
  repository: Repository,
  workflow: Workflow,
  actor: string,
  o: { ref: string; inputs: Record<string, string> },
): Promise<Run> {
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
    attempt: 1,
    workflowId: workflow.id,
    workflowName: file.name ?? workflow.path,
    path: workflow.path,
    title: file.name ?? workflow.path,
    event: 'workflow_dispatch',
    ref,
    headSha: commit.sha,
    commit,
    inputs,
    actor,
    triggeringActor: actor,
    status: 'queued',
    conclusion: null,
    createdAt: now,
    updatedAt: now,
    startedAt: now,
  };
  const runName = file['run-name'];
  if (runName !== undefined) run.title = interpolated(runName, contextsOf(repository, run));
  const jobs = newJobs(world, repository, run, file);
  repository.runs.push(run);
  repository.jobs.push(...jobs);
  emitRun(world, repository, run, 'requested');
  settle(world, repository, run);
  return run;
}

function interpolated(text: string, contexts: Contexts): string {
  try {
    return interpolate(text, contexts);
  } catch (error) {
    throw invalid(`Invalid run-name ${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function contextsOf(repository: Repository, run: Run): Contexts {
  return {
    inputs: run.inputs,
    github: {
      actor: run.actor,
      event_name: run.event,
      ref: run.ref,
      ref_name: run.ref.replace(/^refs\/(heads|tags)\//, ''),
      repository: fullName(repository),
      repository_owner: repository.owner,
      run_attempt: String(run.attempt),
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
    const id = nextId(world);
    const name = job.name ?? key;
    const check = addCheckRun(world, repository, { app: 'actions', name, headSha: run.headSha });
    emitCheckRun(world, repository, check, 'github-actions[bot]', 'created');
    return {
      id,
      runId: run.id,
      attempt: run.attempt,
      key,
      name,
      labels: labelsOf(job, contexts),
      needs: job.needs,
      status: 'queued' as const,
      conclusion: null,
      steps: [],
      runner: null,
      checkRunId: check.id,
      createdAt: timestamp(world),
      startedAt: null,
      completedAt: null,
    };
  });
}

/** The jobs of the run's latest attempt. */
export function currentJobs(repository: Repository, run: Run): RunJob[] {
  return repository.jobs.filter(job => job.runId === run.id && job.attempt === run.attempt);
}

/** Whether everything that a queued job needs is done. */
export function isReady(repository: Repository, job: RunJob): boolean {
  const others = repository.jobs.filter(one => one.runId === job.runId && one.attempt === job.attempt);
  return job.needs.every(key => others.some(one => one.key === key && one.conclusion === 'success'));
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

/** Ends a job; jobs that need it are skipped where it failed, and the run ends with its last job. */
export function endJob(world: World, repository: Repository, job: RunJob, conclusion: CheckConclusion): void {
  if (job.status === 'completed') return;
  job.status = 'completed';
  job.conclusion = conclusion;
  job.completedAt = timestamp(world);
  syncCheck(world, repository, job);
  world.state.tokens = world.state.tokens.filter(token => token.kind !== 'job' || token.subject !== job.id);
  const run = repository.runs.find(one => one.id === job.runId);
  if (run) settle(world, repository, run);
}

function settle(world: World, repository: Repository, run: Run): void {
  const jobs = currentJobs(repository, run);
  const barred = jobs.find(
    job =>
      job.status === 'queued' &&
      job.needs.some(key => !jobs.some(one => one.key === key && !failed(one.conclusion))),
  );
  if (barred) {
    endJob(world, repository, barred, 'skipped');
    return;
  }
  if (run.status === 'completed' || jobs.some(job => job.status !== 'completed')) return;
  const has = (conclusion: CheckConclusion) => jobs.some(job => job.conclusion === conclusion);
  const worst = (['failure', 'timed_out', 'cancelled'] as const).find(has);
  run.status = 'completed';
  run.conclusion = worst === 'timed_out' ? 'failure' : (worst ?? 'success');
  run.updatedAt = timestamp(world);
  world.changed();
  emitRun(world, repository, run, 'completed');
}

const failed = (conclusion: CheckConclusion | null) => conclusion !== null && conclusion !== 'success';

function syncCheck(world: World, repository: Repository, job: RunJob): void {
  world.changed();
  const check = repository.checkRuns.find(one => one.id === job.checkRunId);
  if (!check) return;
  const { status, conclusion, completedAt } = job;
  Object.assign(check, { status, conclusion, completedAt, startedAt: job.startedAt ?? check.startedAt });
  if (status !== 'completed') return;
  emitCheckRun(world, repository, check, 'github-actions[bot]', 'completed');
}

/** Starts the run anew under the same id, as its next attempt. Throws 403 where it still runs. */
export async function rerun(world: World, repository: Repository, run: Run, actor: string): Promise<void> {
  if (run.status !== 'completed') throw new GitHubError(403, 'This workflow is already running');
  const text = await workflowText(world, repository, run.path, run.headSha);
  if (text === null) throw notFound();
  run.attempt += 1;
  run.triggeringActor = actor;
  run.status = 'queued';
  run.conclusion = null;
  run.startedAt = timestamp(world);
  run.updatedAt = run.startedAt;
  repository.jobs.push(...newJobs(world, repository, run, parseWorkflow(run.path, text)));
  emitRun(world, repository, run, 'requested');
}

function emitRun(
  world: World,
  repository: Repository,
  run: Run,
  action: 'requested' | 'in_progress' | 'completed',
): void {
  const workflow = repository.workflows.find(one => one.id === run.workflowId);
  if (!workflow) return;
  const payload = {
    action,
    workflow_run: presentRun(world, repository, run),
    workflow: presentWorkflow(world, repository, workflow, run.workflowName),
  };
  world.emit({ name: 'workflow_run', repository, sender: run.triggeringActor, payload });
}
