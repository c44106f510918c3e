/** Trials in flight: check runs and workflow runs of trials that are not in a marker yet. */

import { isSettled } from '../../campaign/evidence/finals.ts';
import { type CampaignState, recordedTrialSchema } from '../../campaign/marker.ts';
import type { Attempt, Duplicate, Experiment, Snapshot } from '../../campaign/model.ts';
import { type LiveCampaign, liveCampaigns } from '../../campaign/queries.ts';
import { trialParts } from '../../campaign/trial-id.ts';
import { contractSchema } from '../../protocol/contract.ts';
import { readMarker } from '../marker.ts';
import type { CheckRun, GitHubPort, WorkflowRun } from '../port.ts';
import { duplicateRuns } from './duplicates.ts';

const DEFAULTS = contractSchema.parse({});

/**
 * Reads the trials that were started and are not in a marker yet, check runs and workflow runs that exist twice, and runs that were started
 * again by hand although their trial has a result.
 */
export async function readAttempts(
  port: GitHubPort,
  snapshot: Snapshot,
): Promise<Pick<Snapshot, 'attempts' | 'repeated' | 'duplicates'>> {
  const live = liveCampaigns(snapshot);
  const open = snapshot.experiments.filter(({ state }) => state === 'open');
  if (open.length === 0 && live.length === 0) return { attempts: new Map(), repeated: [], duplicates: [] };
  const recorded = recordedTrials(live, open);
  const lastStale = lastStaleTrials(snapshot, live, open);
  const isInFlight = (trial: string) => {
    const [subject = '', k] = trial.split('.');
    return Number(k) > (lastStale.get(subject) ?? Number.POSITIVE_INFINITY) && !recorded.has(trial);
  };
  const { listed, checks } = await readTrials(port, snapshot, live, open);
  const { attempts, duplicates } = attemptsIn(checks, isInFlight);
  const runs = ownRuns(listed, port.botLogin);
  const outdated = addRuns(
    attempts,
    runs.filter(({ title }) => isInFlight(title)),
    snapshot.base.sha,
  );
  const hasResult = (trial: string) => recorded.has(trial) || attempts.get(trial)?.check?.measurement != null;
  return {
    attempts,
    repeated: runs.filter(({ title, attempt }) => attempt > 1 && hasResult(title)),
    duplicates: [...duplicates, ...duplicateRuns(runs, outdated)],
  };
}

/** Ids of the trials in the markers of live campaigns and open experiments. */
function recordedTrials(live: readonly LiveCampaign[], open: readonly Experiment[]): Set<string> {
  const trials = [
    ...live.flatMap(({ state }) => [...state.baselines, ...state.finals.flatMap(({ trials }) => trials)]),
    ...open.flatMap(({ marker }) => marker.trials),
  ];
  return new Set(trials.map(({ trial }) => trial));
}

/** The number of the last trial of an earlier version, by `<issue>/<experiment>`. Nothing else can have trials in flight. */
function lastStaleTrials(
  { base }: Snapshot,
  live: readonly LiveCampaign[],
  open: readonly Experiment[],
): Map<string, number> {
  return new Map<string, number>([
    ...open.map(({ marker }) => [`${marker.campaign}/${marker.number}`, marker.staleTrials] as const),
    ...live.map(({ issue, state }) => [`${issue}/0`, lastBefore(base.tree, state)] as const),
    ...live.flatMap(({ issue, state }) =>
      state.finals.map(({ number }) => [`${issue}/${number}`, 0] as const),
    ),
  ]);
}

/** Reads the workflow's runs, and the check runs on every commit that is being measured. */
async function readTrials(
  port: GitHubPort,
  snapshot: Snapshot,
  live: readonly LiveCampaign[],
  open: readonly Experiment[],
): Promise<{ listed: WorkflowRun[]; checks: CheckRun[][] }> {
  // Runs have to be found even with a broken contract, so that they can be stopped.
  const { contract } = snapshot.contract.kind === 'contract' ? snapshot.contract : { contract: DEFAULTS };
  // If somebody pushed, the check runs are still on the proposed commit.
  const commits = new Set(open.flatMap(({ headSha, marker }) => [headSha, marker.commit]));
  if (live.length > 0) commits.add(snapshot.base.sha);
  for (const { state } of live)
    for (const final of state.finals) if (!isSettled(final)) commits.add(final.of.sha);
  // In parallel: with many runners, one after the other would take seconds.
  const [listed, ...checks] = await Promise.all([
    port.runs(contract.trial.workflow),
    ...[...commits].map(sha => port.checks(sha)),
  ]);
  return { listed, checks };
}

/** One attempt for each trial with check runs. The first check run counts, later ones are duplicates. */
function attemptsIn(
  checksOfCommits: readonly CheckRun[][],
  isInFlight: (trial: string) => boolean,
): { attempts: Map<string, Attempt>; duplicates: Duplicate[] } {
  const attempts = new Map<string, Attempt>();
  const duplicates: Duplicate[] = [];
  for (const checks of checksOfCommits) {
    const seen = new Set<string>();
    for (const check of checks.toSorted((a, b) => a.id - b.id)) {
      const { id, externalId: trial, completed } = check;
      if (!isInFlight(trial)) continue;
      if (seen.has(trial) && !completed) duplicates.push({ kind: 'check', id, trial });
      seen.add(trial);
      if (!attempts.has(trial)) attempts.set(trial, attemptOf(check));
    }
  }
  return { attempts, duplicates };
}

function attemptOf({ id, externalId: trial, startedAt, completed, text }: CheckRun): Attempt {
  const result = completed ? readMarker('trial', text, recordedTrialSchema) : null;
  const measurement = result?.trial === trial ? result : null;
  return { trial, check: { id, startedAt, completed, measurement }, run: null };
}

/** Adds the first run of each trial to its attempt. Returns the runs that measure an earlier champion under the name of a new trial. */
function addRuns(attempts: Map<string, Attempt>, runs: readonly WorkflowRun[], tip: string): WorkflowRun[] {
  const outdated: WorkflowRun[] = [];
  for (const run of runs) {
    const attempt = attempts.get(run.title);
    if (!attempt) attempts.set(run.title, { trial: run.title, check: null, run });
    else if (isOfEarlierChampion(run, attempt, tip)) outdated.push(run);
    else attempt.run ??= run;
  }
  return outdated;
}

/**
 * The number of the last trial of earlier champions. All of those were recorded, even if the marker has dropped them. Trials of the current
 * champion can run in parallel and end in any order.
 */
function lastBefore(tree: string, { baselines, forgotten }: CampaignState): number {
  const others = baselines.filter(trial => trial.tree !== tree);
  return Math.max(forgotten?.last ?? 0, ...others.map(({ trial }) => trialParts(trial).k));
}

/**
 * Whether a run measures an earlier champion, while the check run of the same name is on the current one: the base moved before the run
 * appeared in a list, so its number was used again.
 */
function isOfEarlierChampion({ title, headSha }: WorkflowRun, { check }: Attempt, tip: string): boolean {
  return trialParts(title).experiment === 0 && check !== null && headSha !== tip;
}

/** The App's own runs, oldest first: if two have the same name, the first counts. */
function ownRuns(runs: readonly WorkflowRun[], botLogin: string): WorkflowRun[] {
  return runs
    .filter(run => run.actor === botLogin)
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id - b.id);
}
