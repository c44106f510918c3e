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

export type Rule = (change: Change) => void;

export function watchInvariants(sim: Sim): void {
  const { model, profile } = sim;
  const forgetful = profile.stale > 0 && profile.kills + profile.failsAfter > 0;
  const rules: Rules = { sim, model, allowed: times => times + Number(profile.twoApps) + Number(forgetful) };
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
