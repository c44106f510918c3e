/** Measures the result of a campaign once more when it ends, as the contract asks for. */
import { BASELINES } from '../../gate/baselines.ts';
import type { Action, Work } from '../action.ts';
import { budgetOf } from '../evidence/evidence.ts';
import { isSettled, type Span, spanOf } from '../evidence/finals.ts';
import { nextProbe } from '../evidence/time-to-quality.ts';
import type { Final, Point } from '../marker.ts';
import { type KnownCampaign, measuredValues, type Snapshot } from '../model.ts';
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
  const span = spanOf(campaign, experimentsOf(snapshot, campaign));
  if (span === null) return null;
  const ladder = rungs(work, span);
  const missing = ladder.filter(each => !finals.some(final => isSame(final, each)));
  if (missing.length > 0) return addFinals(campaign, missing);
  const asked = (final: Final) => ladder.some(each => isSame(final, each)) || isProbe(final, work, span);
  const open = finals.filter(final => asked(final) && !isSettled(final));
  if (open.length === 0) {
    const probe = nextProbe(snapshot, work.contract, campaign);
    return probe === null ? null : addFinals(campaign, [wantedOf(span, span.last, probe, 1)]);
  }
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

/** Both champions at each budget of the ladder. */
function rungs({ campaign, contract }: Work, span: Span): Wanted[] {
  return contract.ladder
    .filter(({ budget }) => budget !== budgetOf(contract, campaign))
    .flatMap(({ budget }) =>
      [span.first, span.last].map(champion => wantedOf(span, champion, budget, LADDER_SEEDS)),
    );
}

/** Whether it looks for the time in which the last champion is as good as the first. */
function isProbe({ of, budgetSeconds }: Final, { campaign, contract }: Work, { last }: Span): boolean {
  return contract.time_to_quality > 0 && of.sha === last.sha && budgetSeconds < budgetOf(contract, campaign);
}

function wantedOf({ last }: Span, { sha, tree }: Point, budgetSeconds: number, seeds: number): Wanted {
  return { of: { sha, tree }, base: last.sha, budgetSeconds, seeds };
}

/** Notes them with the next free numbers. */
function addFinals(campaign: KnownCampaign, wanted: readonly Wanted[]): Action {
  const numbers = campaign.state.finals.map(({ number }) => number);
  const next = Math.max(FIRST_FINAL, 1 + Math.max(0, ...numbers));
  const finals = wanted.map((each, i) => ({ number: next + i, ...each, trials: [] }));
  return { kind: 'addFinals', campaign, finals };
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
