/** Whose previews say the same, and how far off they are: what finished trials teach about values part of the way through. */
import { type PreviewError, previewError } from '../../gate/early-stop.ts';
import type { Edit, Idea } from '../idea.ts';
import type { RecordedTrial } from '../marker.ts';
import type { Experiment } from '../model.ts';

/** What decides how a run goes on after its preview. */
const SCHEDULE = /(?<![a-z])lr(?![a-z])|learning.?rate|warm.?(?:up|down)|cool.?down|anneal|decay|schedul/i;
/** What else changes what a curve means: how far the run is, and what is added to a loss that only training has. */
const CURVE = /progress|budget|loss|dropout|smoothing/i;

/**
 * Whether a preview of this idea means something else than those of others: it changes the schedule, or what the training
 * loss is. Goes by the words on the lines that it changes, and by what it says of itself; when in doubt it is one.
 */
export function bendsCurve(idea: Idea): boolean {
  const known = bending.get(idea) ?? readsBending(idea);
  bending.set(idea, known);
  return known;
}

/** Every look at GitHub asks for all ideas, which do not change. */
const bending = new WeakMap<Idea, boolean>();

function readsBending({ title, hypothesis, edits }: Idea): boolean {
  if (SCHEDULE.test(title) || SCHEDULE.test(hypothesis)) return true;
  return edits.flatMap(changedLines).some(line => SCHEDULE.test(line) || CURVE.test(line));
}

/** Lines of an edit that are not on both sides, without the comments at their ends. */
function changedLines({ search, replace }: Edit): string[] {
  const linesOf = (text: string) => text.split('\n').map(line => line.replace(/(?:#|\/\/).*/s, ''));
  const [before, after] = [linesOf(search), linesOf(replace)];
  return [...before.filter(line => !after.includes(line)), ...after.filter(line => !before.includes(line))];
}

/** An idea with its trials. */
export interface Tried {
  experiment: Experiment;
  trials: readonly RecordedTrial[];
}

/** A champion with everything that was measured on it, under conditions that count. */
export interface MeasuredChampion {
  tree: string;
  baselines: readonly RecordedTrial[];
  tried: readonly Tried[];
  /** The experiment whose merge made it the champion; null where none did. */
  madeBy: Tried | null;
}

/**
 * How far off the previews are on each champion of `line`, which followed one another by merges. Champions of one schedule learn from
 * each other; where a merge changed it, previews are learned again, from the trials of what was merged onwards.
 */
export function previewErrors(line: readonly MeasuredChampion[]): (PreviewError | null)[] {
  return schedulesOf(line).flatMap(champions => {
    const error = previewError(trialsOfSchedule(champions).flatMap(pairOf));
    return champions.map(() => error);
  });
}

/** The line in groups of champions that share a schedule. */
function schedulesOf(line: readonly MeasuredChampion[]): MeasuredChampion[][] {
  const groups: MeasuredChampion[][] = [];
  for (const champion of line) {
    const group = groups.at(-1);
    if (!group || bends(champion.madeBy)) groups.push([champion]);
    else group.push(champion);
  }
  return groups;
}

/** What was measured under one schedule: the trials of the change that brought it, baselines, and ideas that left it alone. */
function trialsOfSchedule(champions: readonly MeasuredChampion[]): RecordedTrial[] {
  const change = champions[0]?.madeBy ?? null;
  return [
    ...(change && bends(change) ? change.trials : []),
    ...champions.flatMap(({ baselines }) => baselines),
    ...champions.flatMap(({ tried }) => tried.filter(each => !bends(each))).flatMap(({ trials }) => trials),
  ];
}

function bends(tried: Tried | null): boolean {
  return tried !== null && bendsCurve(tried.experiment.marker.idea);
}

function pairOf({ preview, outcome }: RecordedTrial): { preview: number; value: number }[] {
  return preview !== null && outcome.status === 'measured' ? [{ preview, value: outcome.value }] : [];
}
