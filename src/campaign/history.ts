/** The history of what was measured on the way to a champion, in the order in which the gate learns from it. */
import type { Sample } from './filter.ts';
import type { Step } from './knowledge.ts';
import type { Experiment, RecordedTrial, Snapshot } from './model.ts';
import { trialsOf } from './queries.ts';

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
  const baselines = Map.groupBy(
    snapshot.campaigns.flatMap(campaign => campaign.state?.baselines ?? []),
    trial => trial.tree,
  );
  const settled = snapshot.experiments
    .filter(({ state }) => state !== 'open')
    .sort((a, b) => a.marker.campaign - b.marker.campaign || a.marker.number - b.marker.number);
  const experiments = Map.groupBy(settled, ({ marker }) => marker.champion.tree);
  const path = pathTo(champion, settled);
  const others = new Set([...experiments.keys(), ...baselines.keys()].filter(tree => !path.includes(tree)));
  const steps: Step[] = [];
  let tip: string | null = null;
  for (const [i, tree] of [...others, ...path].entries()) {
    if (tip !== tree) steps.push({ kind: 'moved' });
    tip = tree;
    const samples = samplesOf(baselines.get(tree) ?? [], like);
    if (samples.length > 0) steps.push({ kind: 'champion', samples });
    const heir = i >= others.size ? path[i - others.size + 1] : undefined;
    const [rest, heirs] = split(experiments.get(tree) ?? [], heir);
    for (const experiment of rest) steps.push(...tried(snapshot, experiment, like, false));
    for (const experiment of heirs) {
      const merged = tried(snapshot, experiment, like, true);
      steps.push(...merged);
      if (merged.length > 0) tip = experiment.marker.tree;
    }
  }
  return steps;
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

/** The ideas that were tried on a champion, and those of them (one, or none) whose merge made the next. */
function split(experiments: readonly Experiment[], heir: string | undefined): [Experiment[], Experiment[]] {
  const isHeir = ({ state, marker }: Experiment) => state === 'merged' && marker.tree === heir;
  return [experiments.filter(each => !isHeir(each)), experiments.filter(isHeir).slice(0, 1)];
}

/** Nothing where no trial of it counts: an idea that was merged like that moved the level nobody knows where. */
function tried(
  snapshot: Snapshot,
  experiment: Experiment,
  like: (trial: RecordedTrial) => boolean,
  merged: boolean,
): Step[] {
  const { tree } = experiment.marker;
  const trials = trialsOf(snapshot, experiment).filter(trial => trial.tree === tree);
  const samples = samplesOf(trials, like);
  return samples.length > 0 ? [{ kind: 'experiment', samples, merged }] : [];
}

/** Values and seeds of the trials that count. */
export function samplesOf(
  trials: readonly RecordedTrial[],
  like: (trial: RecordedTrial) => boolean,
): Sample[] {
  return trials
    .filter(like)
    .flatMap(({ seed, outcome }) => (outcome.status === 'measured' ? [{ seed, value: outcome.value }] : []));
}
