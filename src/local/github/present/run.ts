/** Check runs, workflows, runs, jobs and artifacts, in GitHub's form. */
import type { components } from '@octokit/openapi-types';
import { isPull } from '../http.ts';
import type { Artifact, CheckRun, Repository, Run, RunJob, Workflow } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId, presentAccount, presentApp } from './account.ts';
import { apiUrl, htmlUrl, presentRepository } from './repository.ts';

type Schemas = components['schemas'];

const ARTIFACT_DAYS = 90;
const DAY_MS = 86_400_000;

export function presentCheckRun(world: World, repository: Repository, check: CheckRun): Schemas['check-run'] {
  const url = `${apiUrl(world, repository)}/check-runs/${check.id}`;
  const html = `${htmlUrl(world, repository)}/runs/${check.id}`;
  const { title, summary, text, annotations } = check.output;
  return {
    id: check.id,
    node_id: nodeId('CheckRun', check.id),
    head_sha: check.headSha,
    external_id: check.externalId,
    url,
    html_url: html,
    details_url: check.detailsUrl ?? html,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    name: check.name,
    check_suite: { id: suiteId(check.headSha, check.app) },
    app: presentApp(world, check.app),
    output: { title, summary, text, annotations_count: annotations, annotations_url: `${url}/annotations` },
    pull_requests: pullsAt(world, repository, check.headSha),
  };
}

/** GitHub gathers check runs in suites, one for each App and commit; here the id is all that is left of them. */
const suiteId = (headSha: string, app: CheckRun['app']) =>
  Number.parseInt(headSha.slice(0, 8), 16) * 2 + (app === 'app' ? 1 : 0);

function pullsAt(world: World, repository: Repository, sha: string): Schemas['pull-request-minimal'][] {
  const url = apiUrl(world, repository);
  const repo = { id: repository.id, url, name: repository.name };
  return repository.issues
    .filter(isPull)
    .filter(issue => issue.state === 'open' && issue.pull.headSha === sha)
    .map(({ number, pull }) => ({
      id: pull.id,
      number,
      url: `${url}/pulls/${number}`,
      head: { ref: pull.head, sha: pull.headSha, repo },
      base: { ref: pull.base, sha: pull.baseSha, repo },
    }));
}

export function presentWorkflow(
  world: World,
  repository: Repository,
  workflow: Workflow,
  name: string,
): Schemas['workflow'] {
  const file = workflow.path.split('/').at(-1) ?? '';
  return {
    id: workflow.id,
    node_id: nodeId('Workflow', workflow.id),
    name,
    path: workflow.path,
    state: 'active',
    created_at: workflow.createdAt,
    updated_at: workflow.createdAt,
    url: `${apiUrl(world, repository)}/actions/workflows/${workflow.id}`,
    html_url: `${htmlUrl(world, repository)}/blob/${repository.defaultBranch}/${workflow.path}`,
    badge_url: `${htmlUrl(world, repository)}/actions/workflows/${file}/badge.svg`,
  };
}

export function presentRun(world: World, repository: Repository, run: Run): Schemas['workflow-run'] {
  const { commit } = run;
  const suite = suiteId(run.headSha, 'actions');
  const api = apiUrl(world, repository);
  const url = `${api}/actions/runs/${run.id}`;
  return {
    id: run.id,
    name: run.workflowName,
    node_id: nodeId('WorkflowRun', run.id),
    head_branch: run.ref.replace(/^refs\/(heads|tags)\//, ''),
    head_sha: run.headSha,
    path: run.path,
    display_title: run.title,
    run_number: run.number,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    url,
    html_url: runPage(world, repository, run.id),
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.startedAt,
    actor: presentAccount(world, run.actor),
    triggering_actor: presentAccount(world, run.triggeringActor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_id: suite,
    check_suite_node_id: nodeId('CheckSuite', suite),
    check_suite_url: `${api}/check-suites/${suite}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${api}/actions/workflows/${run.workflowId}`,
    head_commit: {
      id: commit.sha,
      tree_id: commit.tree,
      message: commit.message,
      timestamp: commit.committer.date,
      author: { name: commit.author.name, email: commit.author.email },
      committer: { name: commit.committer.name, email: commit.committer.email },
    },
    repository: presentRepository(world, repository),
    head_repository: presentRepository(world, repository),
  };
}

export const runPage = (world: World, repository: Repository, id: number) =>
  `${htmlUrl(world, repository)}/actions/runs/${id}`;

export function presentJob(world: World, repository: Repository, run: Run, job: RunJob): Schemas['job'] {
  const api = apiUrl(world, repository);
  return {
    id: job.id,
    run_id: run.id,
    run_url: `${api}/actions/runs/${run.id}`,
    run_attempt: job.attempt,
    node_id: nodeId('Job', job.id),
    head_sha: run.headSha,
    head_branch: run.ref.replace(/^refs\/(heads|tags)\//, ''),
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${runPage(world, repository, run.id)}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.createdAt,
    started_at: job.startedAt ?? job.createdAt,
    completed_at: job.completedAt,
    name: job.name,
    workflow_name: run.workflowName,
    steps: job.steps.map(({ number, name, status, conclusion }) => ({ number, name, status, conclusion })),
    check_run_url: `${api}/check-runs/${job.checkRunId}`,
    labels: job.labels,
    runner_id: job.runner === null ? null : 1,
    runner_name: job.runner,
    runner_group_id: job.runner === null ? null : 1,
    runner_group_name: job.runner === null ? null : 'Default',
  };
}

export function presentArtifact(
  world: World,
  repository: Repository,
  artifact: Artifact,
): Schemas['artifact'] {
  const url = `${apiUrl(world, repository)}/actions/artifacts/${artifact.id}`;
  const run = repository.runs.find(one => one.id === artifact.runId);
  return {
    id: artifact.id,
    node_id: nodeId('Artifact', artifact.id),
    name: artifact.name,
    size_in_bytes: artifact.sizeBytes,
    digest: artifact.digest,
    url,
    archive_download_url: `${url}/zip`,
    expired: false,
    created_at: artifact.createdAt,
    updated_at: artifact.createdAt,
    expires_at: new Date(Date.parse(artifact.createdAt) + ARTIFACT_DAYS * DAY_MS).toISOString(),
    workflow_run: run
      ? {
          id: run.id,
          repository_id: repository.id,
          head_repository_id: repository.id,
          head_branch: run.ref.replace(/^refs\/(heads|tags)\//, ''),
          head_sha: run.headSha,
        }
      : null,
  };
}
