/** GitHub Actions: dispatch, runs, artifacts. */
import { z } from 'zod';
import { TRIGGER } from '../../jobs.ts';
import type { ServerQueue } from '../actions/queue.ts';
import { dispatch, jobsOf, workflowOf } from '../actions/runs.ts';
import { loginOf } from '../auth.ts';
import { notFound } from '../errors.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { presentJob, presentRunner } from '../present/job.ts';
import { presentArtifact, presentRun } from '../present/run.ts';
import type { Repository, Run } from '../state.ts';
import { now, type World } from '../world.ts';

const dispatchBody = z.strictObject({
  ref: z.string(),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
});
const BASE = '/repos/:owner/:repo/actions';

export function runRoutes(server: Server, world: World, queue: ServerQueue): void {
  server.post(`${BASE}/workflows/:workflow/dispatches`, async c => {
    const repository = repositoryOf(world, c, 'write');
    const workflow = await workflowOf(world, repository, c.req.param('workflow'));
    const body = await bodyOf(c, dispatchBody);
    await dispatch(world, repository, workflow, loginOf(world, c.get('actor')), body);
    queue.offer();
    return c.body(null, 204);
  });
  server.get(`${BASE}/workflows/:workflow/runs`, async c => {
    const repository = repositoryOf(world, c, 'read');
    const workflow = await workflowOf(world, repository, c.req.param('workflow'));
    return listRuns(world, c, repository, run => run.workflowId === workflow.id);
  });
  server.get(`${BASE}/runs`, c => listRuns(world, c, repositoryOf(world, c, 'read'), () => true));
  server.get(`${BASE}/runs/:id{[0-9]+}/jobs`, c => {
    const repository = repositoryOf(world, c, 'read');
    const run = runOf(repository, c);
    const jobs = jobsOf(repository, run);
    const shown = page(c, jobs, ['filter']).map(job => presentJob(world, repository, run, job));
    return c.json({ total_count: jobs.length, jobs: shown });
  });
  // GitHub only tells Apps with the permission `administration`.
  server.get(`${BASE}/runners`, c => {
    repositoryOf(world, c, 'read');
    const runners = queue.runners().map(presentRunner);
    return c.json({ total_count: runners.length, runners: page(c, runners, ['name']) });
  });
  server.post(`${BASE}/runs/:id{[0-9]+}/cancel`, c => {
    const repository = repositoryOf(world, c, 'write');
    queue.cancel(repository, runOf(repository, c));
    return c.json({}, 202);
  });
}

export function artifactRoutes(server: Server, world: World): void {
  server.get(`${BASE}/runs/:id{[0-9]+}/artifacts`, c => {
    const repository = repositoryOf(world, c, 'read');
    const { id } = runOf(repository, c);
    const name = c.req.query('name');
    const artifacts = repository.artifacts
      .filter(one => one.runId === id && (name === undefined || one.name === name))
      .reverse();
    const shown = page(c, artifacts, ['name']).map(one => presentArtifact(world, repository, one));
    return c.json({ total_count: artifacts.length, artifacts: shown });
  });
  server.get(`${BASE}/artifacts/:id{[0-9]+}/:format{zip}`, c => {
    const repository = repositoryOf(world, c, 'discuss');
    const artifact = repository.artifacts.find(one => String(one.id) === c.req.param('id'));
    if (!artifact) throw notFound();
    return c.redirect(world.sign(`/_files/artifacts/${artifact.id}`), 302);
  });
}

/** Newest first. */
function listRuns(world: World, c: Ctx, repository: Repository, matches: (run: Run) => boolean) {
  const { event, status } = c.req.query();
  const visibleBefore = now(world).getTime() - (world.options.runListLagSeconds ?? 0) * 1000;
  const runs = repository.runs
    .filter(
      run =>
        matches(run) &&
        Date.parse(run.createdAt) <= visibleBefore &&
        (event === undefined || event === TRIGGER) &&
        (status === undefined || run.status === status || run.conclusion === status),
    )
    .reverse();
  const shown = page(c, runs, ['event', 'status']).map(run => presentRun(world, repository, run));
  return c.json({ total_count: runs.length, workflow_runs: shown });
}

function runOf(repository: Repository, c: Ctx): Run {
  const run = repository.runs.find(one => String(one.id) === c.req.param('id'));
  if (!run) throw notFound();
  return run;
}
