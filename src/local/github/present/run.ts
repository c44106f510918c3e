/** Check runs, workflows, runs and artifacts, in GitHub's form. Which pull requests they belong to is left out. */
import type { components } from '@octokit/openapi-types';
import { TRIGGER } from '../../jobs.ts';
import type { Artifact, CheckRun, Repository, Run, Workflow } from '../state.ts';
import type { World } from '../world.ts';
import { nodeId, presentAccount, presentApp } from './account.ts';
import { apiUrl, htmlUrl, presentRepository } from './repository.ts';

type Schemas = components['schemas'];

const ARTIFACT_DAYS = 90;
const DAY_MS = 86_400_000;

export function presentCheckRun(world: World, repository: Repository, check: CheckRun): Schemas['check-run'] {
  const url = `${apiUrl(world, repository)}/check-runs/${check.id}`;
  const html = `${htmlUrl(world, repository)}/runs/${check.id}`;
  const { title, summary, text } = check.output;
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
    output: { title, summary, text, annotations_count: 0, annotations_url: `${url}/annotations` },
    pull_requests: [],
  };
}

/** GitHub gathers check runs in suites, one for each App and commit; here the id is all that is left of them. */
const suiteId = (headSha: string, app: CheckRun['app']) =>
  Number.parseInt(headSha.slice(0, 8), 16) * 2 + (app === 'app' ? 1 : 0);

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
    run_attempt: 1,
    event: TRIGGER,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    url,
    html_url: `${htmlUrl(world, repository)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.createdAt,
    actor: presentAccount(world, run.actor),
    triggering_actor: presentAccount(world, run.actor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_id: suite,
    check_suite_node_id: nodeId('CheckSuite', suite),
    check_suite_url: `${api}/check-suites/${suite}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: null,
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
