/** GitHub Actions: workflows, runs, jobs, artifacts, logs. */
import { existsSync, readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { z } from 'zod';
import type { ServerQueue } from '../actions/queue.ts';
import { currentJobs, dispatch, rerun, workflowOf, workflowsOf, workflowText } from '../actions/runs.ts';
import { parseWorkflow } from '../actions/workflow.ts';
import { loginOf } from '../auth.ts';
import { notFound } from '../errors.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { apiUrl } from '../present/repository.ts';
import { presentArtifact, presentJob, presentRun, presentWorkflow, runPage } from '../present/run.ts';
import type { Artifact, Repository, Run, RunJob, Workflow } from '../state.ts';
import { logPath, sameName, type World } from '../world.ts';

const dispatchBody = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  return_run_details: z.boolean().default(false),
});
const BASE = '/repos/:owner/:repo/actions';

export function workflowRoutes(server: Server, world: World, queue: ServerQueue): void {
  server.get(`${BASE}/workflows`, async c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    const workflows = await workflowsOf(world, repository);
    const shown = await Promise.all(page(c, workflows).map(one => present(world, repository, one)));
    return c.json({ total_count: workflows.length, workflows: shown });
  });
  server.get(`${BASE}/workflows/:workflow`, async c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    const workflow = await workflowOf(world, repository, c.req.param('workflow') ?? '');
    return c.json(await present(world, repository, workflow));
  });
  server.get(`${BASE}/workflows/:workflow/runs`, async c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    const workflow = await workflowOf(world, repository, c.req.param('workflow') ?? '');
    return listRuns(world, c, repository, run => run.workflowId === workflow.id);
  });
  server.post(`${BASE}/workflows/:workflow/dispatches`, async c => {
    const repository = repositoryOf(world, c, 'write', 'actions');
    const workflow = await workflowOf(world, repository, c.req.param('workflow') ?? '');
    const body = await bodyOf(c, dispatchBody);
    const run = await dispatch(world, repository, workflow, loginOf(world, c.get('actor')), body);
    queue.offer();
    const detailed = body.return_run_details && (world.options.quirks?.returnRunDetails ?? true);
    if (!detailed) return c.body(null, 204);
    return c.json({
      workflow_run_id: run.id,
      run_url: `${apiUrl(world, repository)}/actions/runs/${run.id}`,
      html_url: runPage(world, repository, run.id),
    });
  });
}

export function runRoutes(server: Server, world: World, queue: ServerQueue): void {
  server.get(`${BASE}/runs`, c => listRuns(world, c, repositoryOf(world, c, 'read', 'actions'), () => true));
  server.get(`${BASE}/runs/:id{[0-9]+}`, c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    return c.json(presentRun(world, repository, runOf(repository, c)));
  });
  server.get(`${BASE}/runs/:id{[0-9]+}/jobs`, c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    const run = runOf(repository, c);
    const all = c.req.query('filter') === 'all';
    const jobs = all ? repository.jobs.filter(job => job.runId === run.id) : currentJobs(repository, run);
    const shown = page(c, jobs).map(job => presentJob(world, repository, run, job));
    return c.json({ total_count: jobs.length, jobs: shown });
  });
  server.post(`${BASE}/runs/:id{[0-9]+}/cancel`, c => {
    const repository = repositoryOf(world, c, 'write', 'actions');
    queue.cancel(repository, runOf(repository, c));
    return c.json({}, 202);
  });
  server.post(`${BASE}/runs/:id{[0-9]+}/rerun`, async c => {
    const repository = repositoryOf(world, c, 'write', 'actions');
    await rerun(world, repository, runOf(repository, c), loginOf(world, c.get('actor')));
    queue.offer();
    return c.json({}, 201);
  });
  server.get(`${BASE}/jobs/:id{[0-9]+}`, c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    const job = jobOf(repository, c);
    return c.json(presentJob(world, repository, runById(repository, job.runId), job));
  });
}

export function resultRoutes(server: Server, world: World): void {
  server.get(`${BASE}/runs/:id{[0-9]+}/artifacts`, c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    const run = runOf(repository, c);
    return listArtifacts(
      world,
      c,
      repository,
      repository.artifacts.filter(one => one.runId === run.id),
    );
  });
  server.get(`${BASE}/artifacts`, c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    return listArtifacts(world, c, repository, repository.artifacts);
  });
  server.get(`${BASE}/artifacts/:id{[0-9]+}`, c => {
    const repository = repositoryOf(world, c, 'read', 'actions');
    return c.json(presentArtifact(world, repository, artifactOf(repository, c)));
  });
  server.get(`${BASE}/artifacts/:id{[0-9]+}/:format{zip}`, c => {
    const repository = repositoryOf(world, c, 'discuss', 'actions');
    return c.redirect(world.sign(`/_files/artifacts/${artifactOf(repository, c).id}`), 302);
  });
  server.get(`${BASE}/jobs/:id{[0-9]+}/logs`, c => {
    const repository = repositoryOf(world, c, 'discuss', 'actions');
    const job = jobOf(repository, c);
    if (!existsSync(logPath(world, job.id))) throw notFound();
    return c.redirect(world.sign(`/_files/logs/${job.id}`), 302);
  });
  server.get(`${BASE}/runs/:id{[0-9]+}/logs`, c => {
    const repository = repositoryOf(world, c, 'discuss', 'actions');
    return c.redirect(world.sign(`/_files/runs/${runOf(repository, c).id}`), 302);
  });
}

/** The logs of a run's latest attempt, one file for each job, zipped. */
export function zippedLogs(world: World, runId: number): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  for (const repository of world.state.repositories) {
    const run = repository.runs.find(one => one.id === runId);
    if (!run) continue;
    for (const [index, job] of currentJobs(repository, run).entries()) {
      const path = logPath(world, job.id);
      files[`${index}_${job.name.replaceAll('/', '_')}.txt`] = existsSync(path)
        ? readFileSync(path)
        : new Uint8Array();
    }
  }
  return zipSync(files);
}

async function present(world: World, repository: Repository, workflow: Workflow) {
  const branch = `refs/heads/${repository.defaultBranch}`;
  const text = (await workflowText(world, repository, workflow.path, branch)) ?? '';
  return presentWorkflow(world, repository, workflow, nameOf(workflow.path, text));
}

/** A file that cannot be read is listed under its path, as on GitHub. */
function nameOf(path: string, text: string): string {
  try {
    return parseWorkflow(path, text).name ?? path;
  } catch {
    return path;
  }
}

function listRuns(world: World, c: Ctx, repository: Repository, matches: (run: Run) => boolean) {
  const { event, status, actor, created, branch, head_sha: headSha } = c.req.query();
  const isCreated = createdFilter(created);
  const now = (world.options.clock?.() ?? new Date()).getTime();
  const visibleBefore = now - (world.options.quirks?.runListLagSeconds ?? 0) * 1000;
  const runs = repository.runs
    .filter(
      run =>
        matches(run) &&
        Date.parse(run.createdAt) <= visibleBefore &&
        (event === undefined || run.event === event) &&
        (status === undefined || run.status === status || run.conclusion === status) &&
        (actor === undefined || sameName(run.actor, actor)) &&
        (branch === undefined || run.ref === `refs/heads/${branch}`) &&
        (headSha === undefined || run.headSha === headSha) &&
        isCreated(Date.parse(run.createdAt)),
    )
    .reverse();
  const shown = page(c, runs).map(run => presentRun(world, repository, run));
  return c.json({ total_count: runs.length, workflow_runs: shown });
}

/** GitHub's search syntax for dates: `>=D`, `>D`, `<=D`, `<D`, `D..D` (`*` for open), or a date. */
function createdFilter(text: string | undefined): (time: number) => boolean {
  if (text === undefined) return () => true;
  const [, operator = '', rest = ''] = /^(>=|<=|>|<)?(.*)$/.exec(text) ?? [];
  if (operator !== '') {
    const limit = Date.parse(rest);
    if (operator === '>=') return time => time >= limit;
    if (operator === '>') return time => time > limit;
    return operator === '<=' ? time => time <= limit : time => time < limit;
  }
  const [from = '*', to = from] = rest.split('..');
  const low = from === '*' ? Number.NEGATIVE_INFINITY : Date.parse(from);
  const day = to.length === 'YYYY-MM-DD'.length ? 86_400_000 - 1 : 0;
  const high = to === '*' ? Number.POSITIVE_INFINITY : Date.parse(to) + day;
  return time => time >= low && time <= high;
}

function listArtifacts(world: World, c: Ctx, repository: Repository, all: readonly Artifact[]) {
  const name = c.req.query('name');
  const artifacts = all.filter(one => name === undefined || one.name === name).reverse();
  const shown = page(c, artifacts).map(one => presentArtifact(world, repository, one));
  return c.json({ total_count: artifacts.length, artifacts: shown });
}

function runById(repository: Repository, id: number): Run {
  const run = repository.runs.find(one => one.id === id);
  if (!run) throw notFound();
  return run;
}

const runOf = (repository: Repository, c: Ctx) => runById(repository, Number(c.req.param('id')));

function jobOf(repository: Repository, c: Ctx): RunJob {
  const job = repository.jobs.find(one => String(one.id) === c.req.param('id'));
  if (!job) throw notFound();
  return job;
}

function artifactOf(repository: Repository, c: Ctx): Artifact {
  const artifact = repository.artifacts.find(one => String(one.id) === c.req.param('id'));
  if (!artifact) throw notFound();
  return artifact;
}
