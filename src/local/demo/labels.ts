/** Runs of the demo that none of its runners can take. */
import type { Octokit } from '@octokit/rest';
import type { Repository } from './history.ts';

/** A sentence with the labels that a queued job needs and those of the runners; null if a runner has them, or nothing is queued. */
export async function missingLabels(octokit: Octokit, repository: Repository): Promise<string | null> {
  const { data: queued } = await octokit.rest.actions.listWorkflowRunsForRepo({
    ...repository,
    status: 'queued',
  });
  const [run] = queued.workflow_runs;
  if (!run) return null;
  const { data } = await octokit.rest.actions.listJobsForWorkflowRun({ ...repository, run_id: run.id });
  const wanted = data.jobs.find(({ status }) => status === 'queued')?.labels ?? [];
  const { data: found } = await octokit.rest.actions.listSelfHostedRunnersForRepo({ ...repository });
  const runners = found.runners.map(({ labels }) => labels.map(({ name }) => name));
  if (runners.some(labels => wanted.every(label => hasLabel(labels, label)))) return null;
  const there = [...new Set(runners.map(labels => labels.join(', ')))].join('; ');
  return `No runner can take trial ${run.display_title}: its workflow runs on [${wanted.join(', ')}], and the runner here has [${there}]. Change \`runs-on\` in the workflow, commit it, and start again.`;
}

function hasLabel(labels: readonly string[], wanted: string): boolean {
  return labels.some(label => label.toLowerCase() === wanted.toLowerCase());
}
