/** What looks remember between them: it only saves requests, and may be lost. */
import type { Experiment, Snapshot, UnreadableExperiment } from '../../campaign/model.ts';
import type { Pull } from '../port.ts';
import { noRefusals, type Refusals } from '../refusals.ts';

export interface Memory {
  pulls: Map<number, Pull>;
  /** What each of `pulls` is to the App: read once, because a pull request that changed is another object. */
  subjects: WeakMap<Pull, Subject>;
  /** Time of the newest edit among `pulls`. */
  pullsSince: string | null;
  /** Status comments by issue. */
  statusComments: Map<number, number>;
  /** Issues of campaigns whose status comment may still have to change, closed issues included. */
  alive: Set<number>;
  /** Contracts by commit. */
  contracts: Map<string, Snapshot['contract']>;
  /** Comments up to here were looked at. */
  commentsSeen: Date | null;
  /** Issues that a person labelled and no campaign is on: when they were last updated. */
  bare: Map<number, string>;
  /** When a look last saw a run that had ended by itself. */
  runEndedAt: string | null;
  refusals: Refusals;
}

/** A pull request on an experiment's branch, if it is the App's own. */
export type Subject =
  | { kind: 'experiment'; experiment: Experiment }
  | { kind: 'unreadable'; unreadable: UnreadableExperiment }
  | { kind: 'foreign' };

export function emptyMemory(): Memory {
  return {
    pulls: new Map(),
    subjects: new WeakMap(),
    pullsSince: null,
    statusComments: new Map(),
    alive: new Set(),
    contracts: new Map(),
    commentsSeen: null,
    bare: new Map(),
    runEndedAt: null,
    refusals: noRefusals(),
  };
}
