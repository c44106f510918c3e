/** Jobs, their errors and their runners, in GitHub's form. */
import { readFile } from 'node:fs/promises';
import type { components } from '@octokit/openapi-types';
import type { CheckRun, Repository, Run, RunJob } from '../state.ts';
import { logPath, type World } from '../world.ts';
import { nodeId } from './account.ts';
import { apiUrl, htmlUrl } from './repository.ts';

type Schemas = components['schemas'];

const ERROR = '##[error]';

export function presentJob(world: World, repository: Repository, run: Run, job: RunJob): Schemas['job'] {
  const api = apiUrl(world, repository);
  return {
    id: job.id,
    run_id: run.id,
    run_url: `${api}/actions/runs/${run.id}`,
    node_id: nodeId('CheckRun', job.checkRunId),
    head_sha: run.headSha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${htmlUrl(world, repository)}/actions/runs/${run.id}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion as Schemas['job']['conclusion'],
    created_at: run.createdAt,
    started_at: job.startedAt ?? run.createdAt,
    completed_at: job.completedAt,
    name: job.name,
    steps: job.steps.map((step, index) => ({ ...step, number: index + 1 })),
    check_run_url: `${api}/check-runs/${job.checkRunId}`,
    labels: job.labels,
    runner_id: null,
    runner_name: job.runner,
    runner_group_id: null,
    runner_group_name: null,
    workflow_name: run.workflowName,
    head_branch: run.ref.replace(/^refs\/(heads|tags)\//, ''),
  };
}

export function presentRunner(
  { name, labels, busy }: { name: string; labels: readonly string[]; busy: boolean },
  index: number,
): Schemas['runner'] {
  return {
    id: index + 1,
    name,
    os: process.platform,
    status: 'online',
    busy,
    labels: labels.map(label => ({ name: label })),
  };
}

/** The errors that a job printed, as the annotations of its check run. */
export async function presentAnnotations(
  world: World,
  repository: Repository,
  check: CheckRun,
): Promise<Schemas['check-annotation'][]> {
  const job = repository.jobs.find(({ checkRunId }) => checkRunId === check.id);
  const log = job ? await readFile(logPath(world, job.id), 'utf8').catch(() => '') : '';
  return log.split('\n').flatMap((line, index) => {
    if (!line.startsWith(ERROR)) return [];
    const place = { path: '.github', blob_href: '', start_line: index + 1, end_line: index + 1 };
    const columns = { start_column: null, end_column: null };
    const message = line.slice(ERROR.length);
    return [{ ...place, ...columns, annotation_level: 'failure', title: '', message, raw_details: '' }];
  });
}
