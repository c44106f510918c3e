/** What is remembered between looks at GitHub. It only saves requests, and may be lost. */
import type { ParsedCommand } from '../../campaign/command.ts';
import type { Experiment, Snapshot, UnreadableExperiment } from '../../campaign/model.ts';
import type { Pull } from '../port.ts';
import { noRefusals, type Refusals } from '../refusals.ts';
import type { Told } from './permissions.ts';

export interface Memory {
  /** The App's, and those of branches whose names are the App's. */
  pulls: Map<number, Pull>;
  /** What each of `pulls` is. Read once per object: a pull request that changes is a new object. */
  subjects: WeakMap<Pull, Subject>;
  /** The time of the latest edit of a pull request. */
  pullsSince: string | null;
  /** Ids of status comments by issue. */
  statusComments: Map<number, number>;
  /** Issues of campaigns whose status comment may still change, including closed issues. */
  alive: Set<number>;
  /** Contracts by commit. */
  contracts: Map<string, Snapshot['contract']>;
  /** Comments up to this time have been read. */
  commentsSeen: Date | null;
  /** Issues that a person labelled but that have no campaign: when they were last updated. */
  bare: Map<number, string>;
  /** Issues on which the App has looked for a status comment in vain. A newer one is among the latest comments. */
  searched: Set<number>;
  /** When a run that had ended by itself was last seen. */
  runEndedAt: string | null;
  /** The commands in the comments of the last look, by their text: most of them are listed again at the next. */
  commandTexts: Map<string, ParsedCommand | null>;
  /** Who was told lately that they may not give commands. */
  told: Told[];
  refusals: Refusals;
}

/** What a pull request is: an experiment of the App, one with an unreadable marker, or something else. */
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
    searched: new Set(),
    runEndedAt: null,
    commandTexts: new Map(),
    told: [],
    refusals: noRefusals(),
  };
}
