/** What an invariant is told, and what it may say. */
import type { Change, Model } from '../model/state.ts';
import type { Sim } from '../sim.ts';

/** What a rule is told of the simulation. */
export interface Rules {
  sim: Sim;
  model: Model;
  /** Two Apps at once may say or measure one thing twice, and so may one that a lagging list shows its last life's end late. */
  allowed(times: number): number;
}

export type Rule = (change: Change) => void;
