/** The history that led to a champion, in the order in which the gate learns from it. */
import { type PreviewError, stoppedStep } from '../../gate/early-stop.ts';
import type { Sample } from '../../gate/filter.ts';
import type { Step } from '../../gate/knowledge.ts';
import { brokeGuard } from '../guard-finding.ts';
import type { RecordedTrial } from '../marker.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { trialsOf } from '../queries.ts';
import { withoutSlow } from './disturbance.ts';
import { type MeasuredChampion, previewErrors, type Tried } from './previews.ts';

/** Everything that was measured under the conditions that count, by champion. */
interface Lineage {
  /** The champions that led to this one by merges, ending with this one. */
  line: MeasuredChampion[];
  /** All other champions. Trials on them show the noise, but not this champion's level. */
  others: MeasuredChampion[];
}

/**
 * The steps up to the champion with this tree. For each champion on the way: its own trials and the ideas that were tried on it, in the order
 * in which they were begun, ending with the one that became the next champion. Champions outside that line come first. The order of the
 * verdicts in time does not matter, so that the markers give the same history after a restart.
 * @param like whether a trial ran under the conditions that count
 */
export function historyOf(
  snapshot: Snapshot,
  champion: string,
  like: (trial: RecordedTrial) => boolean,
): Step[] {
  const { line, others } = lineageOf(snapshot, champion, like);
  const errors = previewErrors(line);
  const parts = [
    ...others.map(parent => ({ parent, child: null, error: null })),
    ...line.map((parent, i) => ({ parent, child: line[i + 1]?.madeBy ?? null, error: errors[i] ?? null })),
  ];
  const steps: Step[] = [];
  /** The tree whose level is known. */
  let known: string | null = null;
  for (const { parent, child, error } of parts) {
    if (known !== parent.tree) steps.push({ kind: 'moved' });
    steps.push(...inTurn(parent, child, error));
    const merged = child ? stepsOf(child.experiment, child.trials, true, null) : [];
    steps.push(...merged);
    // If none of its trials count, the level after its merge is unknown.
    known = child && merged.length > 0 ? child.experiment.marker.tree : parent.tree;
  }
  return steps;
}

/** What was measured on a champion, but for the idea that replaced it: trials of its own that nothing came between are one step. */
function inTurn(parent: MeasuredChampion, child: Tried | null, error: PreviewError | null): Step[] {
  const ideas = parent.tried
    .filter(({ experiment }) => experiment !== child?.experiment)
    .map(({ experiment, trials }) => ({
      steps: stepsOf(experiment, trials, false, error),
      begun: Math.min(...trials.map(({ runId }) => runId ?? 0)),
    }))
    .toSorted((a, b) => a.begun - b.begun);
  const steps: Step[] = [];
  const own = [...parent.baselines].toSorted((a, b) => (a.runId ?? 0) - (b.runId ?? 0));
  const takeOwn = (until: number) => {
    const before = own.splice(0, own.findLastIndex(({ runId }) => (runId ?? 0) <= until) + 1);
    const samples = samplesOf(before);
    if (samples.length > 0) steps.push({ kind: 'champion', samples });
  };
  for (const idea of ideas) {
    if (idea.steps.length > 0) takeOwn(idea.begun);
    steps.push(...idea.steps);
  }
  takeOwn(Number.POSITIVE_INFINITY);
  return steps;
}

/** How far off previews are on the champion with this tree; null if that is not known yet. */
export function previewErrorOn(
  snapshot: Snapshot,
  champion: string,
  like: (trial: RecordedTrial) => boolean,
): PreviewError | null {
  return previewErrors(lineageOf(snapshot, champion, like).line).at(-1) ?? null;
}

function lineageOf(snapshot: Snapshot, champion: string, like: (trial: RecordedTrial) => boolean): Lineage {
  const settled = snapshot.experiments
    .filter(({ state }) => state !== 'open')
    .sort((a, b) => a.marker.campaign - b.marker.campaign || a.marker.number - b.marker.number);
  const experiments = Map.groupBy(settled, ({ marker }) => marker.champion.tree);
  const baselines = Map.groupBy(
    snapshot.campaigns.flatMap(campaign => campaign.state?.baselines ?? []),
    trial => trial.tree,
  );
  const triedAs = (experiment: Experiment): Tried => ({
    experiment,
    trials: trialsOf(snapshot, experiment).filter(
      trial => trial.tree === experiment.marker.tree && like(trial),
    ),
  });
  const measured = ({ tree, madeBy }: Link): MeasuredChampion => ({
    tree,
    baselines: withoutSlow((baselines.get(tree) ?? []).filter(like)),
    tried: (experiments.get(tree) ?? []).map(triedAs),
    madeBy: madeBy && triedAs(madeBy),
  });
  const line = lineTo(champion, settled);
  const inLine = new Set(line.map(({ tree }) => tree));
  const others = [...new Set([...experiments.keys(), ...baselines.keys()])].filter(tree => !inLine.has(tree));
  return { line: line.map(measured), others: others.map(tree => measured({ tree, madeBy: null })) };
}

/** A champion's tree, and the experiment whose merge produced it. */
interface Link {
  tree: string;
  madeBy: Experiment | null;
}

/** The champions that led to the one with this tree by merges, ending with it. */
function lineTo(champion: string, settled: readonly Experiment[]): Link[] {
  const line: Link[] = [];
  for (let tree = champion; ; ) {
    const child = tree;
    const madeBy = settled.find(({ state, marker }) => state === 'merged' && marker.tree === child) ?? null;
    const parent = madeBy?.marker.champion.tree;
    // A merge can restore the tree of an earlier champion.
    const ends = parent === undefined || parent === child || line.some(each => each.tree === parent);
    line.unshift({ tree, madeBy: ends ? null : madeBy });
    if (ends) return line;
    tree = parent;
  }
}

/**
 * The step for an idea's trials; none if no trial counts. A trial that was stopped early counts as a projection, if it is known how far off
 * projections are.
 */
function stepsOf(
  { pull, marker }: Experiment,
  trials: readonly RecordedTrial[],
  merged: boolean,
  error: PreviewError | null,
): Step[] {
  const samples = samplesOf(trials);
  // What was flagged, crashed, broke a guard or was discarded by a person is no near miss.
  const { verdict } = marker;
  const id = verdict?.kind === 'close' && !brokeGuard(verdict) ? { id: nearMissId(pull) } : {};
  if (samples.length > 0)
    return [{ kind: 'experiment', samples, merged, ...id, parts: marker.parts.map(nearMissId) }];
  const stopped = trials.find(({ outcome }) => outcome.status === 'stopped');
  if (stopped?.outcome.status !== 'stopped' || error === null) return [];
  return [stoppedStep({ seed: stopped.seed, value: stopped.outcome.value }, error)];
}

/** The name of an experiment among the gate's near misses. */
export function nearMissId(pull: number): string {
  return `#${pull}`;
}

/** Scores and seeds of the measured trials. */
export function samplesOf(trials: readonly RecordedTrial[]): Sample[] {
  return trials.flatMap(({ seed, outcome }) =>
    outcome.status === 'measured' ? [{ seed, value: outcome.value }] : [],
  );
}
