/** What must hold after every change of the repository. Each rule looks at the change, and at what it remembers. */
import type { Change, Model } from '../model/state.ts';
import type { Sim } from '../sim.ts';
import { watchBase } from './base.ts';
import { watchComments } from './comments.ts';
import { watchCosts } from './costs.ts';
import { watchCrashes } from './crashes.ts';
import { watchExperiments } from './experiments.ts';
import { watchLimits } from './limits.ts';
import { watchPromotions } from './promotions.ts';
import { watchTrials } from './trials.ts';
import { watchVerdicts } from './verdicts.ts';

/** What a rule is told of the simulation. */
export interface Rules {
  sim: Sim;
  model: Model;
  /** Two Apps at once may say or measure one thing twice, and so may one that a lagging list shows its last life's end late. */
  allowed(times: number): number;
}

/**
 * So long after an App was killed, or lost an answer, it may do again what a list does not show yet. The longest takes a trial whose
 * intent was written: it is dispatched after two minutes.
 */
const FORGETFUL_SECONDS = 180;

export type Rule = (change: Change) => void;

export function watchInvariants(sim: Sim): void {
  const { model, profile } = sim;
  /** Whether a list may still be older than an end of the App, or an answer that it never got. */
  const forgetful = () => profile.stale > 0 && model.now() - sim.forgotAt < FORGETFUL_SECONDS * 1000;
  const rules: Rules = {
    sim,
    model,
    allowed: times => times + Number(profile.twoApps) + Number(forgetful()),
  };
  for (const watch of [
    watchBase,
    watchExperiments,
    watchComments,
    watchTrials,
    watchVerdicts,
    watchCosts,
    watchCrashes,
    watchLimits,
    watchPromotions,
  ])
    model.watchers.push(watch(rules));
}
