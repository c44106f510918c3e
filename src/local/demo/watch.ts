/** Watches a campaign through the REST API, as any client could. */
import type { Octokit } from '@octokit/rest';
import { ledgerRows } from '../../campaign/evidence/ledger.ts';
import type { Board } from './board.ts';
import type { Ear } from './hear.ts';
import {
  baselines,
  currentChampion,
  firstChampion,
  type History,
  type Metric,
  type Repository,
  readHistory,
} from './history.ts';

export interface Look {
  history: History;
  board: Board;
}

export interface Watched {
  repository: Repository;
  issue: number;
  metric: Metric;
  /** Budget of the contract; a campaign may have its own. */
  budgetSeconds: number;
}

/** One look; null while the App has not answered. `ear` knows what the trials last said. */
export async function look(octokit: Octokit, watched: Watched, ear: Ear): Promise<Look | null> {
  const { repository, issue, metric } = watched;
  const history = await readHistory(octokit, repository, issue);
  if (!history) return null;
  const { data } = await octokit.rest.actions.listWorkflowRunsForRepo({
    ...repository,
    status: 'in_progress',
  });
  const running = data.workflow_runs
    .map(run => ({ id: run.display_title, heard: ear.hear(run.display_title) }))
    .sort((a, b) => a.id.localeCompare(b.id));
  const { state, experiments } = history;
  const rows = ledgerRows(experiments).map((row, i) => {
    const verdict = experiments[i]?.marker.verdict ?? null;
    return {
      number: row.number,
      pull: row.pull,
      title: row.title,
      value: row.value,
      championValue: row.championValue,
      // A verdict to merge is told once it has been carried out.
      verdict:
        row.status === 'running' || !verdict
          ? null
          : { ...verdict, kind: row.status === 'stopped' ? 'stopped' : verdict.kind },
    };
  });
  return {
    history,
    board: {
      campaign: `${repository.owner}/${repository.repo}#${issue}`,
      phase: state.phase,
      reason: state.phase === 'running' ? '' : state.reason,
      target: state.target,
      metric: metric.name,
      budgetSeconds: state.budgetSeconds ?? watched.budgetSeconds,
      baselines: baselines(history),
      first: firstChampion(history),
      champion: currentChampion(history),
      rows,
      running,
    },
  };
}
