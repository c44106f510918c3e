/** Measures the result of a campaign once more when it ends, as the contract asks for. */
import { BASELINES } from '../../gate/baselines.ts';
import type { Action, Work } from '../action.ts';
import { budgetOf } from '../evidence/evidence.ts';
import { isSettled, spanOf } from '../evidence/finals.ts';
import type { Final, Point } from '../marker.ts';
import { measuredValues, type Snapshot } from '../model.ts';
import { attemptsOf, experimentsOf } from '../queries.ts';
import { FIRST_FINAL, trialId, trialParts } from '../trial-id.ts';
import { isLost, LOOK_AGAIN_SECONDS, runningTrials } from './dispatch.ts';
import type { Turn } from './turn.ts';

/** Trials of each champion at each budget of the ladder. */
const LADDER_SEEDS = BASELINES;
/** The first of the campaign's seeds that only final measurements run on. */
const FIRST_SEED = 1000;

/** What to measure, without its number. */
type Wanted = Pick<Final, 'of' | 'base' | 'budgetSeconds' | 'seeds'>;

/** The next step; null once nothing is left to measure. */
export function measureFinals({ snapshot, work, now, parallel }: Turn): Action | null {
  const { campaign } = work;
  const { finals } = campaign.state;
  const wanted = wantedFinals(snapshot, work);
  const missing = wanted.filter(each => !finals.some(final => isSame(final, each)));
  if (missing.length > 0) {
    const next = Math.max(FIRST_FINAL, 1 + Math.max(0, ...finals.map(({ number }) => number)));
    const added = missing.map((each, i) => ({ number: next + i, ...each, trials: [] }));
    return { kind: 'addFinals', campaign, finals: added };
  }
  const open = finals.filter(final => wanted.some(each => isSame(final, each)) && !isSettled(final));
  if (open.length === 0) return null;
  const progress = open.map(final => ({ final, ...progressOf(snapshot, work, final, now) }));
  const lost = progress.find(each => each.lost !== null)?.lost;
  if (lost) return dispatchAs(work, lost.trial, lost.seed);
  // One seed after the other, so that a machine that drifts treats both champions alike.
  const [next] = progress
    .filter(({ final, started }) => started < final.seeds)
    .toSorted((a, b) => a.started - b.started);
  if (!next || runningTrials(snapshot, campaign, now) >= parallel)
    return { kind: 'wait', seconds: LOOK_AGAIN_SECONDS };
  const trial = trialId(campaign.issue, next.final.number, next.lastTrial + 1);
  return dispatchAs(work, trial, next.started);
}

/** What the contract asks for. */
function wantedFinals(snapshot: Snapshot, { campaign, contract }: Work): Wanted[] {
  const span = spanOf(campaign, experimentsOf(snapshot, campaign));
  if (span === null) return [];
  const at = (of: Point, budgetSeconds: number): Wanted => ({
    of: { sha: of.sha, tree: of.tree },
    base: span.last.sha,
    budgetSeconds,
    seeds: LADDER_SEEDS,
  });
  return contract.ladder
    .filter(({ budget }) => budget !== budgetOf(contract, campaign))
    .flatMap(({ budget }) => [at(span.first, budget), at(span.last, budget)]);
}

/** What was measured at an earlier end of the campaign is not measured again. */
function isSame(a: Wanted, b: Wanted): boolean {
  return a.of.sha === b.of.sha && a.budgetSeconds === b.budgetSeconds;
}

function progressOf(snapshot: Snapshot, { campaign }: Work, { number, trials }: Final, now: Date) {
  const attempts = attemptsOf(snapshot, campaign.issue, number);
  const pending = attempts.filter(({ check }) => !check?.measurement);
  const numbers = [...trials, ...attempts].map(({ trial }) => trialParts(trial).k);
  const measured = measuredValues(trials).length;
  const lost = pending.findIndex(attempt => isLost(attempt, now));
  return {
    lost: pending[lost] ? { trial: pending[lost].trial, seed: measured + lost } : null,
    started: measured + pending.length,
    lastTrial: Math.max(0, ...numbers),
  };
}

/** Both champions run on the same seeds, on which nothing else did. */
function dispatchAs(work: Work, trial: string, seed: number): Action {
  return { kind: 'dispatch', ...work, experiment: null, trial, seedIndex: FIRST_SEED + seed };
}
