/** Reads a campaign back from its markers on GitHub, which needs nothing but read access. */
import type { Octokit } from '@octokit/rest';
import { experimentsTsv } from '../../campaign/evidence/experiments-tsv.ts';
import { latestFault } from '../../campaign/evidence/faults.ts';
import { guardsTsv, ledgerPoints, ledgerRows, resultsTsv, startOf } from '../../campaign/evidence/ledger.ts';
import { type CampaignState, campaignStateSchema, experimentMarkerSchema } from '../../campaign/marker.ts';
import { type Experiment, measuredValues, RESEARCH_LABEL, STACKED_LABEL } from '../../campaign/model.ts';
import { mean } from '../../gate/mean.ts';
import { readMarker } from '../../github/marker.ts';
import { progressChart } from '../../render/chart.ts';
import { CHART_FILE, EXPERIMENTS_FILE, GUARDS_FILE, RESULTS_FILE } from '../../render/status.ts';

export interface Repository {
  owner: string;
  repo: string;
}

export interface History {
  state: CampaignState;
  /** Ordered by number. */
  experiments: Experiment[];
}

export interface Metric {
  name: string;
  goal: 'minimize' | 'maximize';
}

/** The campaign of an issue; null if the App has not answered there yet. */
export async function readHistory(
  octokit: Octokit,
  repository: Repository,
  issue: number,
): Promise<History | null> {
  const state = await readState(octokit, repository, issue);
  if (!state) return null;
  const pulls = await octokit.paginate(octokit.rest.pulls.list, {
    ...repository,
    state: 'all',
    per_page: 100,
  });
  const experiments = pulls.flatMap(pull => {
    const marker =
      pull.user?.type === 'Bot' ? readMarker('experiment', pull.body, experimentMarkerSchema) : null;
    if (!marker || marker.campaign !== issue) return [];
    const experiment: Experiment = {
      pull: pull.number,
      state: pull.merged_at ? 'merged' : pull.state === 'open' ? 'open' : 'closed',
      title: pull.title,
      branch: pull.head.ref,
      base: pull.base.ref,
      headSha: pull.head.sha,
      labelled: pull.labels.some(label => label.name === RESEARCH_LABEL),
      stacked: pull.labels.some(label => label.name === STACKED_LABEL),
      mergeCommit: pull.merged_at ? pull.merge_commit_sha : null,
      marker,
    };
    return [experiment];
  });
  return { state, experiments: experiments.sort((a, b) => a.marker.number - b.marker.number) };
}

async function readState(
  octokit: Octokit,
  repository: Repository,
  issue: number,
): Promise<CampaignState | null> {
  const comments = await octokit.paginate(octokit.rest.issues.listComments, {
    ...repository,
    issue_number: issue,
    per_page: 100,
  });
  for (const comment of comments) {
    const state =
      comment.user?.type === 'Bot' ? readMarker('campaign', comment.body, campaignStateSchema) : null;
    if (state) return state;
  }
  return null;
}

/** Why the campaign's latest trial measured nothing, if that was the machine's fault; null if it was not. */
export function machineError({ state, experiments }: History): { trial: string; message: string } | null {
  return latestFault([...state.baselines, ...experiments.flatMap(({ marker }) => marker.trials)]);
}

/** Scores of the champion that the campaign started with. */
export function baselines({ state }: History): number[] {
  const tree = state.baselines[0]?.tree;
  return measuredValues(state.baselines.filter(trial => trial.tree === tree));
}

/** Mean score of the champion that the campaign started with; null if it has not been measured yet. */
export function firstChampion(history: History): number | null {
  const values = baselines(history);
  return values.length > 0 ? mean(values) : null;
}

/** Score of the experiment that was merged last, or of the first champion. Experiments are not merged in the order of their numbers. */
export function currentChampion(history: History): number | null {
  const merged = history.experiments.filter(({ state }) => state === 'merged');
  const last = merged.find(({ marker }) => !merged.some(other => other.marker.champion.tree === marker.tree));
  const row = ledgerRows(history.experiments).find(({ number }) => number === last?.marker.number);
  return row?.value ?? firstChampion(history);
}

/** The campaign's files, by name. */
export function exportHistory(history: History, metric: Metric): Map<string, string> {
  const rows = ledgerRows(history.experiments);
  const start = startOf(history.state.baselines, history.experiments);
  const files = new Map([
    [RESULTS_FILE, resultsTsv(metric.name, start, rows)],
    [EXPERIMENTS_FILE, experimentsTsv(metric, start, history.experiments)],
    [CHART_FILE, progressChart(ledgerPoints(start, rows), { metric: metric.name, goal: metric.goal })],
  ]);
  const guards = guardsTsv(rows);
  if (guards !== null) files.set(GUARDS_FILE, guards);
  return files;
}
