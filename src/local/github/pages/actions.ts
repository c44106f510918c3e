/** Workflow runs, their jobs, and the jobs' logs. */
import { existsSync, readFileSync } from 'node:fs';
import type { Context } from 'hono';
import { jobsOf } from '../actions/runs.ts';
import { notFound } from '../errors.ts';
import type { Issue, Repository, Run, RunJob } from '../state.ts';
import { logPath, type World } from '../world.ts';
import { REFRESH_SECONDS } from './checks.ts';
import { isBusy } from './issues.ts';
import { issuePath, pathOf } from './links.ts';
import { renderLog } from './log.ts';
import { type Html, html } from './markup.ts';
import { frame, type Pages, paged, repositoryAt } from './page.ts';
import { commitName, outcomeMark, person } from './parts.ts';
import { ago, lasted } from './time.ts';

const LOG_REFRESH_SECONDS = 2;

export function actionPages(pages: Pages, world: World): void {
  pages.get('/:owner/:repo/actions', c => {
    const repository = repositoryAt(world, c);
    const { shown, more } = paged(c, [...repository.runs].reverse());
    const none = html`<p class="quiet">No workflow has run yet.</p>`;
    const runs = html`<ul class="list box">${shown.map(run => runItem(world, repository, run))}</ul>`;
    const content = html`<h1>Workflow runs</h1>${shown.length === 0 ? none : runs}${more}`;
    const refreshSeconds = isBusy(repository) ? REFRESH_SECONDS : undefined;
    return c.html(frame({ title: 'Workflow runs', repository, tab: 'actions', content, refreshSeconds }));
  });
  pages.get('/:owner/:repo/actions/runs/:run', c => {
    const repository = repositoryAt(world, c);
    const run = runAt(repository, c);
    const content = runView(world, repository, run);
    const refreshSeconds = run.status === 'completed' ? undefined : LOG_REFRESH_SECONDS;
    return c.html(frame({ title: run.title, repository, tab: 'actions', content, refreshSeconds }));
  });
  pages.get('/:owner/:repo/actions/runs/:run/artifacts/:artifact', c => {
    const run = runAt(repositoryAt(world, c), c);
    const artifact = artifactsOf(repositoryAt(world, c), run).find(
      ({ id }) => id === Number(c.req.param('artifact')),
    );
    if (!artifact) throw notFound();
    return c.redirect(world.sign(`/_files/artifacts/${artifact.id}`));
  });
  pages.get('/:owner/:repo/actions/runs/:run/job/:job/log.txt', c => {
    const repository = repositoryAt(world, c);
    return c.text(logOf(world, jobAt(repository, runAt(repository, c), c)));
  });
}

const runPath = (repository: Repository, run: Run) => pathOf(repository, 'actions', 'runs', run.id);
const logPathOf = (repository: Repository, job: RunJob) =>
  pathOf(repository, 'actions', 'runs', job.runId, 'job', job.id, 'log.txt');

function runAt(repository: Repository, c: Context): Run {
  const run = repository.runs.find(one => one.id === Number(c.req.param('run')));
  if (!run) throw notFound();
  return run;
}

function jobAt(repository: Repository, run: Run, c: Context): RunJob {
  const job = repository.jobs.find(one => one.id === Number(c.req.param('job')) && one.runId === run.id);
  if (!job) throw notFound();
  return job;
}

function runItem(world: World, repository: Repository, run: Run): Html {
  return html`<li>${outcomeMark(run)} <a href="${runPath(repository, run)}">${run.title}</a>
<span class="quiet">${run.workflowName} #${run.number} at ${commitName(run.headSha)}, started ${ago(world, run.createdAt)}, ${durationOf(world, run)}</span></li>`;
}

const artifactsOf = (repository: Repository, run: Run) =>
  repository.artifacts.filter(one => one.runId === run.id);

/** The pull request whose commit a run was started with, as one of its inputs. */
function pullOf(repository: Repository, run: Run): Issue | null {
  const inputs = Object.values(run.inputs);
  return repository.issues.find(({ pull }) => pull && inputs.includes(pull.headSha)) ?? null;
}

const durationOf = (world: World, run: Run) =>
  lasted(world, run.createdAt, run.status === 'completed' ? run.updatedAt : null);

function runView(world: World, repository: Repository, run: Run): Html {
  const inputs = Object.entries(run.inputs).map(
    ([name, value]) => html`<tr><th>${name}</th><td><code>${value}</code></td></tr>`,
  );
  const artifacts = artifactsOf(repository, run).map(
    ({ id, name, sizeBytes }) =>
      html` <a href="${runPath(repository, run)}/artifacts/${id}">${name}</a> (${sizeBytes} bytes)`,
  );
  const pull = pullOf(repository, run);
  return html`<h1>${outcomeMark(run)} ${run.title}</h1>
<p class="quiet">${run.conclusion ?? run.status.replace('_', ' ')}, ${run.workflowName} #${run.number}
at ${commitName(run.headSha)}, started by ${person(run.actor)} ${ago(world, run.createdAt)}, ${durationOf(world, run)}</p>
${pull && html`<p>For <a href="${issuePath(repository, pull)}">${pull.title} #${pull.number}</a></p>`}
${inputs.length > 0 && html`<details><summary>Inputs</summary><div class="scroll"><table class="facts">${inputs}</table></div></details>`}
${artifacts.length > 0 && html`<p class="quiet">Artifacts:${artifacts}</p>`}
${jobsOf(repository, run).map(job => html`<h2>${job.name}</h2>${jobView(world, repository, job)}`)}`;
}

function jobView(world: World, repository: Repository, job: RunJob): Html {
  const steps = job.steps.map(step => {
    const conclusion = step.status === 'completed' ? step.conclusion : null;
    return html`<li>${outcomeMark({ status: step.status, conclusion })} ${step.name}</li>`;
  });
  const where = job.runner === null ? `waits for a runner with ${job.labels.join(', ')}` : `on ${job.runner}`;
  const took = lasted(world, job.startedAt, job.completedAt);
  return html`<p class="quiet">${job.status.replace('_', ' ')} ${where}${took !== null && `, ${took}`}, <a href="${logPathOf(repository, job)}">raw log</a></p>
${steps.length > 0 && html`<ol class="steps">${steps}</ol>`}
${renderLog(logOf(world, job), job.status !== 'completed')}`;
}

function logOf(world: World, job: RunJob): string {
  const path = logPath(world, job.id);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
