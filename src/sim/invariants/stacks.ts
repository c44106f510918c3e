/** Stacks: what the App may try together. */
import type { PullRecord } from '../model/state.ts';
import { markerOf, pullsOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

export function watchStacks({ sim, model, allowed }: Rules): Rule {
  return ({ table, actor, before, after }) => {
    if (table !== 'pulls' || actor !== model.botLogin || before || !after) return;
    const marker = markerOf(after);
    if (!marker || marker.parts.length === 0) return;
    sim.tally.stacks++;
    for (const number of marker.parts) {
      const problem = objectionTo(model.pulls.get(number), marker.asked !== null);
      if (problem) sim.violate(`#${after.number} stacks #${number}, ${problem}.`);
    }
    if (new Set(marker.parts).size < Math.max(2, marker.parts.length))
      sim.violate(`#${after.number} stacks ${marker.parts.length} parts, not all of them different.`);
    if (marker.asked === null && open(marker.campaign) > allowed(1))
      sim.violate(`#${marker.campaign} has several stacks at once that nobody asked for.`);
  };

  function open(issue: number): number {
    return pullsOf(model, issue).filter(pull => {
      const marker = markerOf(pull);
      return pull.state === 'open' && marker !== null && marker.parts.length > 0 && marker.asked === null;
    }).length;
  }
}

/** Why it must not be part of a stack; null if it may be. A person may ask for whatever was closed. */
function objectionTo(part: PullRecord | undefined, isAsked: boolean): string | null {
  if (part === undefined) return 'which does not exist';
  if (part.state !== 'closed') return `which is ${part.state}`;
  const verdict = markerOf(part)?.verdict?.kind;
  return isAsked || verdict === 'close' || verdict === undefined ? null : `which was ${verdict}`;
}
