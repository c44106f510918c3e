/** Trials in flight: what the App's check runs and the workflow's runs tell of trials that no marker holds. */

import { type CampaignState, recordedTrialSchema } from '../../campaign/marker.ts';
import type { Attempt, Duplicate, Experiment, Snapshot } from '../../campaign/model.ts';
import { type LiveCampaign, liveCampaigns, trialParts } from '../../campaign/queries.ts';
import { contractSchema } from '../../protocol/contract.ts';
import { readMarker } from '../marker.ts';
import type { CheckRun, GitHubPort, WorkflowRun } from '../port.ts';
import { duplicateRuns } from './duplicates.ts';

const DEFAULTS = contractSchema.parse({});

/**
 * Trials that were started and are in no marker yet: check runs of the App, and the runs that carry their names; what of that is double;
 * and runs that people started again although their trial was recorded.
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
  const { attempts, doubles } = attemptsIn(checks, isInFlight);
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
    duplicates: [...doubles, ...duplicateRuns(runs, outdated)],
  };
}

/** Ids of the trials that the markers of live campaigns and open experiments hold. */
function recordedTrials(live: readonly LiveCampaign[], open: readonly Experiment[]): Set<string> {
  const trials = [
    ...live.flatMap(({ state }) => state.baselines),
    ...open.flatMap(({ marker }) => marker.trials),
  ];
  return new Set(trials.map(({ trial }) => trial));
}

/** By subject (`<issue>/<experiment>`), the number of the last trial that measured an earlier version of it. Other subjects have none in flight. */
function lastStaleTrials(
  { base }: Snapshot,
  live: readonly LiveCampaign[],
  open: readonly Experiment[],
): Map<string, number> {
  return new Map<string, number>([
    ...open.map(({ marker }) => [`${marker.campaign}/${marker.number}`, marker.staleTrials] as const),
    ...live.map(({ issue, state }) => [`${issue}/0`, lastBefore(base.tree, state)] as const),
  ]);
}

/** Asks GitHub for the workflow's runs, and for the check runs on every commit that is measured. */
async function readTrials(
  port: GitHubPort,
  snapshot: Snapshot,
  live: readonly LiveCampaign[],
  open: readonly Experiment[],
): Promise<{ listed: WorkflowRun[]; checks: CheckRun[][] }> {
  // Where the contract is broken, what runs has to be found all the same, to be stopped.
  const { contract } = snapshot.contract.kind === 'contract' ? snapshot.contract : { contract: DEFAULTS };
  // Where somebody pushed, the trials' check runs still stand on what was proposed.
  const commits = new Set(open.flatMap(({ headSha, marker }) => [headSha, marker.commit]));
  if (live.length > 0) commits.add(snapshot.base.sha);
  // Together: with many runners one after the other would take seconds at every look.
  const [listed, ...checks] = await Promise.all([
    port.runs(contract.trial.workflow),
    ...[...commits].map(sha => port.checks(sha)),
  ]);
  return { listed, checks };
}

/** One attempt for each trial that has check runs, by the first of them; the others are doubles. */
function attemptsIn(
  checksOfCommits: readonly CheckRun[][],
  isInFlight: (trial: string) => boolean,
): { attempts: Map<string, Attempt>; doubles: Duplicate[] } {
  const attempts = new Map<string, Attempt>();
  const doubles: Duplicate[] = [];
  for (const checks of checksOfCommits) {
    const seen = new Set<string>();
    for (const check of checks.toSorted((a, b) => a.id - b.id)) {
      const { id, externalId: trial, completed } = check;
      if (!isInFlight(trial)) continue;
      if (seen.has(trial) && !completed) doubles.push({ kind: 'check', id, trial });
      seen.add(trial);
      if (!attempts.has(trial)) attempts.set(trial, attemptOf(check));
    }
  }
  return { attempts, doubles };
}

function attemptOf({ id, externalId: trial, startedAt, completed, text }: CheckRun): Attempt {
  const result = completed ? readMarker('trial', text, recordedTrialSchema) : null;
  const measurement = result?.trial === trial ? result : null;
  return { trial, check: { id, startedAt, completed, measurement }, run: null };
}

/** Gives each attempt its run, the first of its name. Returns the runs of such names that measure an earlier champion. */
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
 * Number of the last trial of the champions before this one: all of theirs were recorded, even where the marker dropped them. Those of
 * the present one run several at a time and end in any order.
 */
function lastBefore(tree: string, { baselines, forgotten }: CampaignState): number {
  const others = baselines.filter(trial => trial.tree !== tree);
  return Math.max(forgotten?.last ?? 0, ...others.map(({ trial }) => trialParts(trial).k));
}

/**
 * Whether a run of the name of a trial of the champion, whose check run stands on the tip, measures the champion before: somebody moved
 * the base before the run was in any list, so that its number was given once more.
 */
function isOfEarlierChampion({ title, headSha }: WorkflowRun, { check }: Attempt, tip: string): boolean {
  return trialParts(title).experiment === 0 && check !== null && headSha !== tip;
}

/** The App's own runs, oldest first: of two with one name, the first counts. */
function ownRuns(runs: readonly WorkflowRun[], botLogin: string): WorkflowRun[] {
  return runs
    .filter(run => run.actor === botLogin)
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id - b.id);
}
