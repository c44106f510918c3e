import type { Sim } from '../sim.ts';
import { watchBranches } from './branches.ts';
import { watchLimits } from './campaign-limits.ts';
import { watchComments } from './comments.ts';
import { watchCosts } from './costs.ts';
import { watchCrashes } from './crashes.ts';
import { watchExperiments } from './experiments.ts';
import { watchFinals } from './finals.ts';
import { watchGuards } from './guards.ts';
import { watchMerges } from './merges.ts';
import { watchPromotions } from './promotions.ts';
import { watchReports } from './reports.ts';
import type { Rules } from './rule.ts';
import { watchStacks } from './stacks.ts';
import { watchTrials } from './trials.ts';
import { watchVerdicts } from './verdicts.ts';

/**
 * So long after an App was killed, or lost an answer, it may do again what a list does not show yet. The longest takes a trial whose
 * intent was written: it is dispatched after two minutes.
 */
const FORGETFUL_SECONDS = 180;

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
    watchBranches,
    watchMerges,
    watchGuards,
    watchExperiments,
    watchComments,
    watchTrials,
    watchVerdicts,
    watchCosts,
    watchCrashes,
    watchLimits,
    watchPromotions,
    watchStacks,
    watchReports,
    watchFinals,
  ])
    model.watchers.push(watch(rules));
}
