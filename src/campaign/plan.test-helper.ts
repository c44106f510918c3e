/** Describes what is planned for a snapshot, and builds thoughts and closed experiments. */
import { describeAction } from './action.ts';
import type { Verdict } from './marker.ts';
import type { Experiment } from './model.ts';
import { plan } from './plan/plan.ts';
import { experiment, NOW, snapshot } from './snapshot.test-helper.ts';
import type { Thought } from './thought.ts';

/** A short description of the planned action. */
export function planned(parts: Parameters<typeof snapshot>[0]): string {
  return describeAction(plan(snapshot(parts), NOW));
}

export function thought(
  id: number,
  state: Thought['state'],
  task: Thought['task'] = { kind: 'idea', number: id },
): Thought {
  return { id, campaign: 3, task, state };
}

export const CLOSED: Verdict = {
  kind: 'close',
  cause: null,
  reason: '',
  value: 1,
  championValue: 1,
  noise: 0,
  doubt: 1,
};

export function closed(number: number, verdict = CLOSED): Experiment {
  return experiment(number, { verdict }, { state: 'closed' });
}
