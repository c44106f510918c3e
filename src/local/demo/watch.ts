/** Watches a campaign through the REST API, like any other client. */
import type { Octokit } from '@octokit/rest';
import { isNearMiss } from '../../campaign/evidence/ending.ts';
import { type LedgerRow, ledgerRows } from '../../campaign/evidence/ledger.ts';
import type { Experiment } from '../../campaign/model.ts';
import { visible } from '../../protocol/visible.ts';
import type { Board } from './board.ts';
import type { Ear } from './hear.ts';
import {
  baselines,
  currentChampion,
  firstChampion,
  type History,
  type Metric,
  machineError,
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
  /** The contract's budget, which a campaign may override. */
  budgetSeconds: number;
}

/** One look at the campaign; null if the App has not answered yet. `ear` knows the trials' latest output. */
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
      // A merge is shown once it has been carried out.
      verdict:
        row.status === 'running' || !verdict
          ? null
          : { ...verdict, kind: shownKind(row, experiments[i], metric) },
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
      goal: metric.goal,
      budgetSeconds: state.budgetSeconds ?? watched.budgetSeconds,
      baselines: baselines(history),
      first: firstChampion(history),
      champion: currentChampion(history),
      rows,
      running,
      machineError: machineError(history),
      failures: state.failedProposals,
      failedInARow: state.failedInARow,
    },
  };
}

/** The kind of a verdict, with near misses and trials that were stopped early told apart from other closed experiments. */
function shownKind(row: LedgerRow, experiment: Experiment | undefined, { goal }: Metric): string {
  if (row.status === 'stopped') return 'stopped early';
  if (experiment && isNearMiss(experiment.marker, goal)) return 'near miss';
  return experiment?.marker.verdict?.kind ?? '';
}

/** What the App answered instead of starting the campaign; null if it has not answered. */
export async function answerOf(octokit: Octokit, { repository, issue }: Watched): Promise<string | null> {
  const { data } = await octokit.rest.issues.listComments({ ...repository, issue_number: issue });
  const answer = data.find(({ user }) => user?.type === 'Bot')?.body ?? null;
  return answer === null ? null : visible(answer.replace(/<!--.*?-->/gs, '')).trim();
}
