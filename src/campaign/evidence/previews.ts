/** Previews are scores part of the way through a trial. How far off they are, and for which ideas they mean the same. */
import { type PreviewError, previewError } from '../../gate/early-stop.ts';
import type { Edit, Idea } from '../idea.ts';
import type { RecordedTrial } from '../marker.ts';
import type { Experiment } from '../model.ts';

/** Names of what shapes the rest of the learning curve after a preview. */
const SCHEDULE = /(?<![a-z])lr(?![a-z])|learning.?rate|warm.?(?:up|down)|cool.?down|anneal|decay|schedul/i;
/** Names of what else changes the meaning of a learning curve: the progress of a run, and terms that only the training loss has. */
const CURVE = /progress|budget|loss|dropout|smoothing/i;

/**
 * Whether previews of this idea mean something else than those of other ideas, because it changes the schedule or the training loss.
 * Judged by its title, its hypothesis and the lines that it changes. When in doubt, it does.
 */
export function bendsCurve(idea: Idea): boolean {
  const known = bending.get(idea) ?? readsBending(idea);
  bending.set(idea, known);
  return known;
}

/** Each look at GitHub asks about all ideas again, and ideas do not change. */
const bending = new WeakMap<Idea, boolean>();

function readsBending({ title, hypothesis, edits }: Idea): boolean {
  if (SCHEDULE.test(title) || SCHEDULE.test(hypothesis)) return true;
  return edits.flatMap(changedLines).some(line => SCHEDULE.test(line) || CURVE.test(line));
}

/** The lines of an edit that are not on both sides, without trailing comments. */
function changedLines({ search, replace }: Edit): string[] {
  const linesOf = (text: string) => text.split('\n').map(line => line.replace(/(?:#|\/\/).*/s, ''));
  const [before, after] = [linesOf(search), linesOf(replace)];
  return [...before.filter(line => !after.includes(line)), ...after.filter(line => !before.includes(line))];
}

/** An experiment with those of its trials that count. */
export interface Tried {
  experiment: Experiment;
  trials: readonly RecordedTrial[];
}

/** A champion with everything that was measured on it under the conditions that count. */
export interface MeasuredChampion {
  tree: string;
  baselines: readonly RecordedTrial[];
  tried: readonly Tried[];
  /** The experiment whose merge made it the champion; null if there was none. */
  madeBy: Tried | null;
}

/**
 * How far off previews are on each champion of `line`, whose champions led from one to the next by merges. Champions with the same schedule
 * share what was learned. After a merge that changed the schedule, learning starts again with the trials of that change.
 */
export function previewErrors(line: readonly MeasuredChampion[]): (PreviewError | null)[] {
  return schedulesOf(line).flatMap(champions => {
    const { own, ideas } = trialsOfSchedule(champions);
    const pairs = own.flatMap(pairOf);
    const error = previewError([...pairs, ...ideas.flatMap(pairOf)], pairs.length);
    return champions.map(() => error);
  });
}

/** Groups the champions that share a schedule. */
function schedulesOf(line: readonly MeasuredChampion[]): MeasuredChampion[][] {
  const groups: MeasuredChampion[][] = [];
  for (const champion of line) {
    const group = groups.at(-1);
    if (!group || bends(champion.madeBy)) groups.push([champion]);
    else group.push(champion);
  }
  return groups;
}

/** The trials under one schedule: of the champions, with the change that introduced it, and of ideas that did not change it. */
function trialsOfSchedule(champions: readonly MeasuredChampion[]): Record<'own' | 'ideas', RecordedTrial[]> {
  const change = champions[0]?.madeBy ?? null;
  const baselines = champions.flatMap(champion => champion.baselines);
  return {
    own: [...(change && bends(change) ? change.trials : []), ...baselines],
    ideas: champions
      .flatMap(({ tried }) => tried.filter(each => !bends(each)))
      .flatMap(({ trials }) => trials),
  };
}

function bends(tried: Tried | null): boolean {
  return tried !== null && bendsCurve(tried.experiment.marker.idea);
}

function pairOf({ preview, outcome }: RecordedTrial): { preview: number; value: number }[] {
  return preview !== null && outcome.status === 'measured' ? [{ preview, value: outcome.value }] : [];
}
