/** The terms of a trial's audit, derived from the champion's trials. */
import { baselinesNeeded } from '../../gate/baselines.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { RecordedTrial } from '../marker.ts';
import { type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { keptBy } from '../people.ts';
import { attemptsOf, currentCampaign, trialsOf } from '../queries.ts';
import { trialsOfTree, worstPromisingValue } from './evidence.ts';

export interface Terms {
  /** A score below this is audited; null: any score is. */
  threshold: number | null;
  /** The slowest trial of the champions that were first on their class of machine; null before there is one. */
  startupSeconds: number | null;
  scoringSeconds: number | null;
}

/** No code length is below this, so no score is audited. */
const NEVER = 0;

/**
 * The terms of the next trial of an experiment (null: of the champion) at a budget in seconds and on a seed; null if the metric has no
 * referee. Whatever could be merged is audited: a first score that the gate would not close at once, later scores, and any score of an
 * experiment that a person keeps. The champion's first trial is audited too, to see that an honest model passes on this machine, and so are
 * its trials after the baselines, which are run on another class of machine. Baselines that run beside the first one need no audit.
 */
export function termsOf(
  snapshot: Snapshot,
  contract: Contract,
  experiment: Experiment | null,
  budgetSeconds: number,
  seed: number,
): Terms | null {
  if (contract.metric.referee === undefined) return null;
  const champion = trialsOfTree(snapshot, snapshot.base.tree).filter(
    trial => trial.budgetSeconds === budgetSeconds && trial.outcome.status === 'measured',
  );
  const slowest = (seconds: (number | undefined)[]) => {
    const known = seconds.filter(value => value !== undefined);
    return known.length > 0 ? Math.max(...known) : null;
  };
  const threshold = () => {
    if (champion.length === 0) return experiment === null && isFirstRunning(snapshot) ? NEVER : null;
    const values = measuredValues(champion);
    if (experiment === null)
      return values.length < baselinesNeeded(values, contract.gate.noise) ? NEVER : null;
    const confirms =
      keptBy(experiment.marker) !== null || measuredValues(trialsOf(snapshot, experiment)).length > 0;
    return confirms ? null : worstPromisingValue(snapshot, contract, champion, seed, experiment.marker.parts);
  };
  const first = firstChampions(snapshot, experiment, budgetSeconds);
  return {
    threshold: threshold(),
    startupSeconds: slowest(first.map(trial => trial.refereed?.startupSeconds)),
    scoringSeconds: slowest(first.map(trial => trial.refereed?.scoringSeconds)),
  };
}

/** Whether a trial of the champion is in flight. */
function isFirstRunning(snapshot: Snapshot): boolean {
  const issue = currentCampaign(snapshot)?.issue;
  return issue !== undefined && attemptsOf(snapshot, issue, 0).some(({ run }) => run !== null);
}

/**
 * Trials of the champion that the campaign began with, and on every class of machine that it did not meet, of the first champion after it
 * that did. If every champion set the bounds for the next one, a few merges would multiply them.
 */
function firstChampions(
  snapshot: Snapshot,
  experiment: Experiment | null,
  budgetSeconds: number,
): RecordedTrial[] {
  const issue = experiment?.marker.campaign ?? currentCampaign(snapshot)?.issue;
  const merged = snapshot.experiments.filter(
    ({ state, marker }) => state === 'merged' && marker.campaign === issue,
  );
  const line = [snapshot.base.tree];
  for (let tree = line[0]; tree !== undefined; ) {
    const child = tree;
    tree = merged.find(({ marker }) => marker.tree === child)?.marker.champion.tree;
    // A merge can restore the tree of an earlier champion.
    if (tree === undefined || line.includes(tree)) break;
    line.unshift(tree);
  }
  const measured = line.flatMap(tree =>
    trialsOfTree(snapshot, tree).filter(
      trial => trial.budgetSeconds === budgetSeconds && trial.outcome.status === 'measured',
    ),
  );
  const trees = new Map(measured.toReversed().map(({ machine, tree }) => [machine, tree]));
  return measured.filter(({ machine, tree }) => trees.get(machine) === tree);
}
