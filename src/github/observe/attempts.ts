/** Trials in flight: what the App's check runs and the workflow's runs tell of trials that no marker holds. */

import { type CampaignState, recordedTrialSchema } from '../../campaign/marker.ts';
import type { Attempt, Duplicate, Snapshot } from '../../campaign/model.ts';
import { trialParts } from '../../campaign/queries.ts';
import { contractSchema } from '../../protocol/contract.ts';
import { readMarker } from '../marker.ts';
import type { GitHubPort, WorkflowRun } from '../port.ts';
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
  const attempts = new Map<string, Attempt>();
  const duplicates: Duplicate[] = [];
  // Where the contract is broken, what runs has to be found all the same, to be stopped.
  const { contract } = snapshot.contract.kind === 'contract' ? snapshot.contract : { contract: DEFAULTS };
  const live = snapshot.campaigns.filter(
    ({ state }) => state?.phase === 'running' || state?.phase === 'paused',
  );
  const open = snapshot.experiments.filter(experiment => experiment.state === 'open');
  const champion = live.length > 0;
  if (open.length === 0 && !champion) return { attempts, repeated: [], duplicates };

  const recorded = new Set(
    [
      ...live.flatMap(({ state }) => state?.baselines ?? []),
      ...open.flatMap(({ marker }) => marker.trials),
    ].map(trial => trial.trial),
  );
  const stale = new Map<string, number>([
    ...open.map(({ marker }) => [`${marker.campaign}/${marker.number}`, marker.staleTrials] as const),
    ...(champion
      ? live.map(({ issue, state }) => [`${issue}/0`, lastBefore(snapshot.base.tree, state)] as const)
      : []),
  ]);
  const wanted = (trial: string) => {
    const [subject = '', k] = trial.split('.');
    return Number(k) > (stale.get(subject) ?? Number.POSITIVE_INFINITY) && !recorded.has(trial);
  };

  // Where somebody pushed, the trials' check runs still stand on what was proposed.
  const commits = new Set([
    ...open.flatMap(({ headSha, marker }) => [headSha, marker.commit]),
    ...(champion ? [snapshot.base.sha] : []),
  ]);
  // Together: with many runners one after the other would take seconds at every look.
  const [listed, ...checks] = await Promise.all([
    port.runs(contract.trial.workflow),
    ...[...commits].map(sha => port.checks(sha)),
  ]);
  for (const found of checks) {
    const double = new Set<string>();
    for (const check of found.sort((a, b) => a.id - b.id)) {
      if (!wanted(check.externalId)) continue;
      if (double.has(check.externalId) && !check.completed)
        duplicates.push({ kind: 'check', id: check.id, trial: check.externalId });
      double.add(check.externalId);
      if (attempts.has(check.externalId)) continue;
      const result = check.completed ? readMarker('trial', check.text, recordedTrialSchema) : null;
      const measurement = result?.trial === check.externalId ? result : null;
      attempts.set(check.externalId, {
        trial: check.externalId,
        check: { id: check.id, startedAt: check.startedAt, completed: check.completed, measurement },
        run: null,
      });
    }
  }
  const runs = ownRuns(listed, port.botLogin);
  const earlier: WorkflowRun[] = [];
  for (const run of runs) {
    if (!wanted(run.title)) continue;
    const attempt = attempts.get(run.title);
    if (!attempt) attempts.set(run.title, { trial: run.title, check: null, run });
    else if (isOfEarlierChampion(run, attempt, snapshot.base.sha)) earlier.push(run);
    else if (!attempt.run) attempt.run = run;
  }
  const measured = (trial: string) => recorded.has(trial) || attempts.get(trial)?.check?.measurement != null;
  const repeated = runs.filter(({ title, attempt }) => attempt > 1 && measured(title));
  return { attempts, repeated, duplicates: [...duplicates, ...duplicateRuns(runs, earlier)] };
}

/**
 * Number of the last trial of the champions before this one: all of theirs were recorded, even where the marker dropped them. Those of
 * the present one run several at a time and end in any order.
 */
function lastBefore(tree: string, state: CampaignState | null): number {
  const others = (state?.baselines ?? []).filter(trial => trial.tree !== tree);
  return Math.max(state?.forgotten?.last ?? 0, ...others.map(({ trial }) => trialParts(trial).k));
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
