/** What thinking costs: every answer of an agent counts once, where an experiment was made of it or where it failed. */
import { isDeepStrictEqual } from 'node:util';
import type { Cost } from '../../campaign/idea.ts';
import type { ExperimentMarker } from '../../campaign/marker.ts';
import { PROPOSAL_COST } from '../explorer.ts';
import type { Sim } from '../sim.ts';
import { count } from '../tally.ts';
import { isProposed, isTakenBack, markerOf, pullsOf, statusComments } from './read.ts';
import type { Rule, Rules } from './rule.ts';

/** Watches what each experiment says that it cost: one answer, one more for every time that an agent was asked again. */
export function watchCosts({ sim, model }: Rules): Rule {
  /** What the App last wrote into each pull request: people may edit it since. */
  const written = new Map<number, ExperimentMarker>();
  return change => {
    if (change.table !== 'pulls' || change.actor !== model.botLogin || !change.after) return;
    const marker = markerOf(change.after);
    if (!marker) return;
    const { number } = change.after;
    const before = written.get(number);
    // What is measured once more, or together, costs no thought.
    const first = isProposed(marker) ? 1 : 0;
    const again = before !== undefined && isAskedAgain(before, marker);
    if (again) count(sim.tally.thoughts, marker.repairs > before.repairs ? 'repaired' : 'ported');
    // Of two Apps that write at once the last one's answer counts.
    if (sim.profile.twoApps && before) return void written.set(number, marker);
    const calls = before ? before.cost.calls + (again ? 1 : 0) : first;
    for (const wrong of differences(marker.cost, calls))
      sim.violate(`#${number} should have cost ${calls} answers, found ${wrong}.`);
    written.set(number, marker);
  };
}

/** Whether an agent was asked for its edits again. What it repairs or ports may come out as it was, and a restack may need no agent. */
function isAskedAgain(before: ExperimentMarker, after: ExperimentMarker): boolean {
  if (after.restacks > before.restacks && after.cost.calls > before.cost.calls) return true;
  return after.repairs > before.repairs || !isDeepStrictEqual(before.idea.edits, after.idea.edits);
}

function differences(cost: Cost, calls: number): string[] {
  return (['calls', 'inputTokens', 'outputTokens', 'usd'] as const).flatMap(key => {
    const wanted = (PROPOSAL_COST[key] ?? 0) * calls;
    const found = cost[key];
    return found !== null && Math.abs(found - wanted) < 1e-9 ? [] : [`${key} ${found}`];
  });
}

/**
 * In the end as much was counted as was answered: less where an App was killed or people took back what it had counted, more where two Apps
 * counted at the same moment.
 */
export function checkCosts(sim: Sim): void {
  const { model, profile, tally, violate } = sim;
  const counted = model.issues.values().reduce((sum, { number }) => {
    const failed = statusComments(model, number)[0]?.state.failedCost.calls ?? 0;
    const made = pullsOf(model, number).map(pull => markerOf(pull)?.cost.calls ?? 0);
    return made.reduce((all, calls) => all + calls, sum + failed);
  }, 0);
  const isWhole = ['fault-free', 'crowded'].includes(profile.mood) && !isTakenBack(sim);
  const twice = profile.twoApps ? Object.values(tally.faults).reduce((sum, times) => sum + times, 0) : 0;
  if ((isWhole && counted < tally.answers) || counted > tally.answers + twice)
    violate(`${tally.answers} questions were answered, and ${counted} are counted.`);
}
