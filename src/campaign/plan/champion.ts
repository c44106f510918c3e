/** The champion's trials: its baselines, and trials that tell a broken machine from a bad idea. */

import { baselinesNeeded } from '../../gate/baselines.ts';
import { quote } from '../../text/markdown.ts';
import type { Action, Work } from '../action.ts';
import { budgetOf, championValues, trialsOfTree } from '../evidence/evidence.ts';
import { areTooMany, faultsAmong, isFault } from '../evidence/faults.ts';
import { MAX_FAULTS, type RecordedTrial } from '../marker.ts';
import { type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { paused } from '../phase.ts';
import { attemptsOf, experimentsOf, type LiveCampaign } from '../queries.ts';
import { dispatch, waitForAttempt } from './dispatch.ts';

/**
 * Measures the champion's baselines, which calibrate the noise, at most `parallel` at a time. Where one of them stands apart, two more tell
 * whether it was disturbed.
 */
export function measureChampion(snapshot: Snapshot, work: Work, parallel: number, now: Date): Action {
  const { campaign } = work;
  const { tree, sha } = snapshot.base;
  const waiting = waitForAttempt(snapshot, work, null, now);
  if (waiting && waiting.kind !== 'wait') return waiting;
  const recorded = trialsOfTree(snapshot, tree);
  const recent = recentTrials(snapshot, campaign);
  const crashed = pauseForCrash(campaign, sha, recent, recorded);
  if (crashed) return crashed;
  const flagged = recent.find(trial => (trial.refereed?.audit?.flags.length ?? 0) > 0);
  if (flagged)
    return pause(
      campaign,
      `The audit of the champion ${sha.slice(0, 7)} disagrees with its score: ${quote(flagged.refereed?.audit?.flags[0] ?? '')}. Its predictions look ahead or depend on the rest of the batch, or this machine's arithmetic is too imprecise. Fix that, then comment \`/research resume\`.`,
    );
  const broken = pauseForFaults(campaign, recent);
  if (broken) return broken;
  const running = attemptsOf(snapshot, campaign.issue, 0).length;
  const values = championValues(snapshot, budgetOf(work.contract, campaign));
  const missing = baselinesNeeded(values, work.contract.gate.noise) - values.length;
  if (waiting && running >= Math.min(parallel, missing)) return waiting;
  return dispatch(snapshot, work, null, recorded);
}

/**
 * A champion that was never measured and crashes needs a fix. One that was measured before is measured again: the same code ran, so the
 * machine is to blame, for example because it was slow for a while.
 */
function pauseForCrash(
  campaign: LiveCampaign,
  sha: string,
  recent: readonly RecordedTrial[],
  recorded: readonly RecordedTrial[],
): Action | null {
  const crashes = recent.filter(trial => trial.outcome.status === 'crash');
  const last = crashes.at(-1)?.outcome;
  if (last?.status !== 'crash') return null;
  const words = `(${last.reason}): ${quote(last.message)}`;
  const before = measuredValues([...recorded]).length;
  if (before === 0)
    return pause(
      campaign,
      `The champion ${sha.slice(0, 7)} crashes ${words}. Fix the base branch, then comment \`/research resume\`.`,
    );
  if (crashes.length < MAX_FAULTS) return null;
  return pause(
    campaign,
    `${crashes.length} trials of the champion ${sha.slice(0, 7)} crashed, last ${words}. The same code was measured ${before === 1 ? 'once' : `${before} times`} before, so this is probably the machine. Check the runner, then comment \`/research resume\`.`,
  );
}

/**
 * After an experiment that could not be measured because of machine errors, the champion is measured again. If that fails too, the
 * idea was not the cause, and the campaign pauses. Null if there is nothing to suspect.
 */
export function suspectMachine(snapshot: Snapshot, work: Work, now: Date): Action | null {
  const { campaign } = work;
  const last = experimentsOf(snapshot, campaign)
    .slice(campaign.state.forgiven.experiments)
    .findLast(({ marker }) => marker.verdict !== null);
  if (last?.marker.verdict?.kind !== 'unmeasurable' || !isFault(last.marker.trials.at(-1))) return null;
  const since = recentTrials(snapshot, campaign).filter(trial => runOf(trial) > lastRun(last));
  if (since.some(trial => trial.outcome.status !== 'fault')) return null;
  return (
    waitForAttempt(snapshot, work, null, now) ??
    pauseForFaults(campaign, since) ??
    dispatch(snapshot, work, null, trialsOfTree(snapshot, snapshot.base.tree))
  );
}

/** This campaign's trials of the champion since a person last resumed the campaign. */
export function recentTrials(snapshot: Snapshot, { state }: LiveCampaign): RecordedTrial[] {
  return state.baselines.slice(state.forgiven.baselines).filter(({ tree }) => tree === snapshot.base.tree);
}

/** Pauses the campaign if too many trials of the champion had a machine error; null otherwise. */
export function pauseForFaults(campaign: LiveCampaign, trials: readonly RecordedTrial[]): Action | null {
  const faults = faultsAmong(trials);
  const last = faults.at(-1)?.outcome;
  if (!areTooMany(faults) || last?.status !== 'fault') return null;
  return pause(
    campaign,
    `The champion could not be measured: ${faults.length} trials failed with a machine error. Last error: ${quote(last.message)}. Fix the runner, then comment \`/research resume\`.`,
  );
}

function pause(campaign: LiveCampaign, reason: string): Action {
  return { kind: 'phase', campaign, ...paused(reason) };
}

/** Ids of runs increase over time. */
function lastRun({ marker }: Experiment): number {
  return Math.max(0, ...marker.trials.map(runOf));
}

function runOf({ runId }: RecordedTrial): number {
  return runId ?? 0;
}
