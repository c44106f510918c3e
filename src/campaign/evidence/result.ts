/** What a campaign came to: where its merges began, where they led, and how the two compare. */
import { mean } from '../../gate/mean.ts';
import type { Point } from '../marker.ts';
import { type Campaign, type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { budgetOf, comparable, trialsOfTree } from './evidence.ts';

/** The mean score of a commit's trials under equal conditions. */
interface Level {
  sha: string;
  value: number;
  trials: number;
}

export interface Levels {
  /** Where the merges began; null if it was not measured under the conditions of `last`. */
  first: Level | null;
  /** Where they led; null if that was not measured. */
  last: Level | null;
}

/** A campaign's merges in order. */
export interface Line {
  first: Point;
  last: Point;
  merged: Experiment[];
  /** Whether each merge was made on the one before, with no other commits in between. */
  whole: boolean;
}

/** The merges among a campaign's experiments, from the champion that the first one was made on; null without any. */
export function lineOf(experiments: readonly Experiment[]): Line | null {
  const merged = experiments.filter(({ state, mergeCommit }) => state === 'merged' && mergeCommit !== null);
  const made = new Set(merged.map(({ mergeCommit }) => mergeCommit));
  const starts = merged.filter(({ marker }) => !made.has(marker.champion.sha));
  const inOrder: Experiment[] = [];
  for (const start of starts)
    for (let next: Experiment | undefined = start; next && !inOrder.includes(next); ) {
      const { mergeCommit }: Experiment = next;
      inOrder.push(next);
      next = merged.find(({ marker }) => marker.champion.sha === mergeCommit);
    }
  const [head, tail] = [inOrder[0], inOrder.at(-1)];
  if (!head || !tail?.mergeCommit) return null;
  return {
    first: head.marker.champion,
    last: { sha: tail.mergeCommit, tree: tail.marker.tree },
    merged: inOrder,
    whole: starts.length === 1,
  };
}

/** Only trials under equal conditions are compared: those of the last trial of `last` or, if it has none, of `first`. */
export function levelsOf(snapshot: Snapshot, campaign: Campaign, first: Point, last: Point | null): Levels {
  const { contract } = snapshot;
  const budget = contract.kind === 'contract' ? budgetOf(contract.contract, campaign) : null;
  const measured = ({ tree }: Point) =>
    trialsOfTree(snapshot, tree).filter(
      ({ outcome, budgetSeconds }) =>
        outcome.status === 'measured' && (budget === null || budgetSeconds === budget),
    );
  const like = (last && measured(last).at(-1)) ?? measured(first).at(-1);
  const level = (point: Point | null): Level | null => {
    if (!like || !point) return null;
    const values = measuredValues(
      trialsOfTree(snapshot, point.tree).filter(trial => comparable(trial, like)),
    );
    return values.length > 0 ? { sha: point.sha, value: mean(values), trials: values.length } : null;
  };
  return { first: level(first), last: level(last) };
}

/** Standard deviation of one trial, as known at the last merge that knew it. */
export function noiseOf(merged: readonly Experiment[]): number | null {
  return merged.findLast(({ marker }) => marker.verdict?.noise != null)?.marker.verdict?.noise ?? null;
}
