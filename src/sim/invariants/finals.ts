/** Final measurements: only what the contract asks for, once, after all experiments, and never after the end. */

import { isSettled } from '../../campaign/evidence/finals.ts';
import type { CampaignState } from '../../campaign/marker.ts';
import { measuredValues } from '../../campaign/model.ts';
import { FIRST_FINAL, trialParts } from '../../campaign/trial-id.ts';
import { BUDGET_SECONDS } from '../landscape.ts';
import type { RunRecord } from '../model/state.ts';
import type { Sim } from '../sim.ts';
import { ON_BRANCH } from './promotions.ts';
import { campaignOf, isTakenBack, markerOf, pullsOf, stateOf, statusComments } from './read.ts';
import type { Rule, Rules } from './rule.ts';

export function watchFinals({ sim, model, allowed }: Rules): Rule {
  /** Every commit that a base was at: champions are among them. */
  const tips = new Set(model.branches.values().map(({ sha }) => sha));
  return change => {
    if (change.table === 'branches' && change.after) {
      const { name, sha } = change.after;
      if (name === model.defaultBranch || campaignOf(name) !== null) tips.add(sha);
    }
    if (change.actor !== model.botLogin || !change.after) return;
    if (change.table === 'runs' && !change.before && trialParts(change.after.title).experiment >= FIRST_FINAL)
      checkRun(change.after);
    const state = change.table === 'comments' ? stateOf(change.after) : null;
    if (state) checkState(state);
  };

  function checkRun({ title, inputs }: RunRecord): void {
    sim.tally.finals++;
    const { issue } = trialParts(title);
    const budget = Number(inputs.budget);
    const isProbe = sim.profile.timeToQuality > 0 && budget < BUDGET_SECONDS;
    if (!sim.profile.ladder.includes(budget) && !isProbe)
      sim.violate(`Trial ${title} runs for ${inputs.budget} s, which the contract does not ask for.`);
    if (!tips.has(inputs.candidate ?? ''))
      sim.violate(`Trial ${title} measures ${inputs.candidate}, which was never a champion.`);
    // Of two Apps one may begin what the other has just ended.
    if (sim.profile.twoApps) return;
    const phase = statusComments(model, issue)[0]?.state.phase;
    if (phase === 'stopped' || phase === 'finished')
      sim.violate(`Trial ${title} was dispatched although campaign #${issue} is ${phase}.`);
    const open = pullsOf(model, issue).find(pull => pull.state === 'open' && markerOf(pull) !== null);
    if (open) sim.violate(`Trial ${title} was dispatched although #${open.number} has no verdict yet.`);
  }

  function checkState({ finals }: CampaignState): void {
    const subjects = finals.map(({ of, budgetSeconds }) => `${of.sha} at ${budgetSeconds} s`);
    if (new Set(subjects).size < subjects.length)
      sim.violate(`One commit is measured twice at one budget: ${subjects.join(', ')}.`);
    const probes = Map.groupBy(
      finals.filter(({ budgetSeconds }) => budgetSeconds < BUDGET_SECONDS),
      ({ of }) => of.sha,
    );
    for (const [sha, those] of probes)
      if (those.length > sim.profile.timeToQuality + allowed(1) - 1)
        sim.violate(`${those.length} short trials of ${sha} look for the time that it needs.`);
    if (new Set(finals.map(({ number }) => number)).size < finals.length)
      sim.violate('Two final measurements have one number.');
    for (const { number, trials, seeds } of finals)
      if (measuredValues(trials).length > seeds + allowed(1) - 1)
        sim.violate(`Final measurement ${number} has ${trials.length} trials, asked for were ${seeds}.`);
  }
}

/** A campaign that merged something and finished was measured at every budget, and its report says what came of that. */
export function checkFinals(sim: Sim): void {
  const { model, profile, tally } = sim;
  for (const { number, open } of model.issues.values()) {
    const [status] = statusComments(model, number);
    if (!status) continue;
    if (status.comment.body.includes('Not offered in a pull request')) tally.heldBack++;
    const { phase, finals } = status.state;
    const merged = pullsOf(model, number).some(({ state }) => state === 'merged');
    // A branch that people put back has another champion, or none.
    const byHand = ON_BRANCH.some(kind => tally.interventions[kind]);
    if (isTakenBack(sim) || byHand || !open || phase !== 'finished' || !merged) continue;
    // People may merge after the end, so what was the last champion is what was measured last.
    const last = finals.at(-1)?.base;
    if (last === undefined && profile.ladder.length > 0 && !tally.interventions['merge an experiment'])
      sim.violate(`Campaign #${number} has finished, and its result was not measured again.`);
    for (const budget of last === undefined ? [] : profile.ladder)
      if (!finals.some(final => final.of.sha === last && final.budgetSeconds === budget && isSettled(final)))
        sim.violate(
          `Campaign #${number} has finished, and its last champion was not measured at ${budget} s.`,
        );
  }
}
