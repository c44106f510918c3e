/** The history of what was measured on the way to a champion, in the order in which the gate learns from it. */
import { type PreviewError, stoppedStep } from '../../gate/early-stop.ts';
import type { Sample } from '../../gate/filter.ts';
import type { Step } from '../../gate/knowledge.ts';
import type { RecordedTrial } from '../marker.ts';
import type { Experiment, Snapshot } from '../model.ts';
import { trialsOf } from '../queries.ts';
import { previewErrors, type Reign, type Tried } from './previews.ts';

/** Everything that was measured under the conditions that count, champion by champion. */
interface Past {
  /** Champions that led to the present one by merges, the last of them this one. */
  reigns: (Reign & { tree: string })[];
  /** Champions off that path: what was measured on them teaches the noise, not the level. */
  aside: (Reign & { tree: string })[];
}

/**
 * The steps up to the champion with this tree, era by era: its baselines, then the ideas that were tried on it, last the one
 * that became the next champion. What was tried on other champions comes first; it teaches the noise, not the level. The
 * order in which verdicts came does not matter, so that after a restart the markers tell the same history.
 * @param like whether a trial was taken under the conditions that count
 */
export function historyOf(
  snapshot: Snapshot,
  champion: string,
  like: (trial: RecordedTrial) => boolean,
): Step[] {
  const { reigns, aside } = pastOf(snapshot, champion, like);
  const errors = [...aside.map(() => null), ...previewErrors(reigns)];
  const steps: Step[] = [];
  let tip: string | null = null;
  for (const [i, { tree, baselines, tried }] of [...aside, ...reigns].entries()) {
    if (tip !== tree) steps.push({ kind: 'moved' });
    tip = tree;
    const samples = samplesOf(baselines);
    if (samples.length > 0) steps.push({ kind: 'champion', samples });
    const heir = i >= aside.length ? reigns[i - aside.length + 1]?.maker : undefined;
    for (const each of tried)
      if (each.experiment !== heir?.experiment) steps.push(...stepsOf(each.trials, false, errors[i] ?? null));
    const merged = heir ? stepsOf(heir.trials, true, null) : [];
    steps.push(...merged);
    // Where no trial of it counts, its merge moved the level nobody knows where.
    if (heir && merged.length > 0) tip = heir.experiment.marker.tree;
  }
  return steps;
}

/** How far off previews are on the champion with this tree; null while that is not known. */
export function previewErrorOn(
  snapshot: Snapshot,
  champion: string,
  like: (trial: RecordedTrial) => boolean,
): PreviewError | null {
  return previewErrors(pastOf(snapshot, champion, like).reigns).at(-1) ?? null;
}

function pastOf(snapshot: Snapshot, champion: string, like: (trial: RecordedTrial) => boolean): Past {
  const baselines = Map.groupBy(
    snapshot.campaigns.flatMap(campaign => campaign.state?.baselines ?? []),
    trial => trial.tree,
  );
  const settled = snapshot.experiments
    .filter(({ state }) => state !== 'open')
    .sort((a, b) => a.marker.campaign - b.marker.campaign || a.marker.number - b.marker.number);
  const path = pathTo(champion, settled);
  const experiments = Map.groupBy(settled, ({ marker }) => marker.champion.tree);
  const triedIn = (experiment: Experiment): Tried => ({
    experiment,
    trials: trialsOf(snapshot, experiment).filter(
      trial => trial.tree === experiment.marker.tree && like(trial),
    ),
  });
  const reignOf = (tree: string): Reign & { tree: string } => ({
    tree,
    baselines: (baselines.get(tree) ?? []).filter(like),
    tried: (experiments.get(tree) ?? []).map(triedIn),
    maker: null,
  });
  const reigns = path.map(reignOf);
  for (const [i, reign] of reigns.entries()) {
    const next = reigns[i + 1];
    if (next)
      next.maker =
        reign.tried.find(
          ({ experiment: { state, marker } }) => state === 'merged' && marker.tree === next.tree,
        ) ?? null;
  }
  const others = new Set([...experiments.keys(), ...baselines.keys()].filter(tree => !path.includes(tree)));
  return { reigns, aside: [...others].map(reignOf) };
}

/** Trees of the champions that followed one another by merges, the last of them this one. */
function pathTo(champion: string, settled: readonly Experiment[]): string[] {
  const path: string[] = [];
  let tree: string | undefined = champion;
  while (tree !== undefined && !path.includes(tree)) {
    path.unshift(tree);
    const made: string = tree;
    const maker = settled.find(({ state, marker }) => state === 'merged' && marker.tree === made);
    tree = maker?.marker.champion.tree;
  }
  return path;
}

/**
 * What an idea's trials say: nothing where none of them counts. One that was stopped is where it was on the way to, with what
 * is known of such guesses.
 */
function stepsOf(trials: readonly RecordedTrial[], merged: boolean, error: PreviewError | null): Step[] {
  const samples = samplesOf(trials);
  if (samples.length > 0) return [{ kind: 'experiment', samples, merged }];
  const stopped = trials.find(({ outcome }) => outcome.status === 'stopped');
  if (stopped?.outcome.status !== 'stopped' || error === null) return [];
  return [stoppedStep({ seed: stopped.seed, value: stopped.outcome.value }, error)];
}

/** Values and seeds of the trials that brought a number. */
export function samplesOf(trials: readonly RecordedTrial[]): Sample[] {
  return trials.flatMap(({ seed, outcome }) =>
    outcome.status === 'measured' ? [{ seed, value: outcome.value }] : [],
  );
}
