/** Early stopping of trials that cannot win any more: the bar that is sent with a dispatch, and the verdict on a stopped trial. */

import { stopBar, stoppedStep } from '../../gate/early-stop.ts';
import { knowledgeOf } from '../../gate/fold.ts';
import { pricesOf } from '../../gate/gate.ts';
import { type Knowledge, type Step, scaleOf, stoppedTest } from '../../gate/knowledge.ts';
import { mean } from '../../gate/mean.ts';
import { assess } from '../../gate/worth.ts';
import type { Contract } from '../../protocol/contract.ts';
import { PREVIEW_AT, type StopBar } from '../../protocol/stop-bar.ts';
import type { RecordedTrial, Verdict } from '../marker.ts';
import { type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { trialsOf } from '../queries.ts';
import { comparable, gateRules, isDisturbedBeside, trialsOfTree } from './evidence.ts';
import { historyOf, previewErrorOn } from './history.ts';
import { bendsCurve } from './previews.ts';

/**
 * The bar for an experiment's next trial at a budget in seconds and on a seed; null if the trial must not be stopped: if it is not the first,
 * if the idea bends the learning curve, makes the code shorter (so that a tie is enough) or stacks near misses, if too little is known about previews, or if a
 * person requested the experiment or gave a command on it. Assumes the conditions of the champion's last trial.
 */
export function stopBarOf(
  snapshot: Snapshot,
  contract: Contract,
  experiment: Experiment,
  budgetSeconds: number,
  seed: number,
): StopBar | null {
  const { idea, addedTokens, champion, words, asked, parts } = experiment.marker;
  if (asked || words.length > 0 || parts.length > 0) return null;
  if (!contract.gate.early_stop || bendsCurve(idea) || (addedTokens ?? 0) < 0) return null;
  if (champion.tree !== snapshot.base.tree || trialsOf(snapshot, experiment).some(hasResult)) return null;
  const trials = trialsOfTree(snapshot, champion.tree).filter(
    trial => trial.budgetSeconds === budgetSeconds && trial.outcome.status === 'measured',
  );
  const last = trials.at(-1);
  if (!last) return null;
  const like = (trial: RecordedTrial) => comparable(trial, last);
  const error = previewErrorOn(snapshot, champion.tree, like);
  if (error === null) return null;
  const knowledge = knowledgeFrom(historyOf(snapshot, champion.tree, like), contract);
  const value = stopBar(knowledge, seed, error, 1 - PREVIEW_AT, gateRules(contract));
  return value === null ? null : { value, digest: last.digest, machine: last.machine };
}

/**
 * The verdict on an experiment whose trial was stopped early and that has no other result; null for any other experiment, and if the trial
 * was disturbed. Its score is projected.
 */
export function stoppedVerdict(
  snapshot: Snapshot,
  contract: Contract,
  { marker }: Experiment,
  trials: readonly RecordedTrial[],
): Verdict | null {
  const trial = stoppedTrial(trials);
  if (trial?.outcome.status !== 'stopped') return null;
  const { value: preview, at } = trial.outcome;
  // The next trial is not stopped early.
  if (isDisturbedBeside(trial, trialsOfTree(snapshot, marker.champion.tree).filter(hasResult))) return null;
  const like = (other: RecordedTrial) => comparable(other, trial);
  const measured = trialsOfTree(snapshot, marker.champion.tree).filter(
    each => each.outcome.status === 'measured' && like(each),
  );
  const champion = measuredValues(measured);
  const verdict: Verdict = {
    kind: 'close',
    cause: null,
    reason: `Stopped early at ${Math.round(100 * at)}%: the projected score was not worth the rest of the trial.`,
    value: preview,
    championValue: champion.length > 0 ? mean(champion) : null,
    compared: { candidate: [], champion: measured.map(each => each.trial) },
    noise: null,
    doubt: null,
  };
  const error = previewErrorOn(snapshot, marker.champion.tree, like);
  if (error === null) return verdict;
  const step = stoppedStep({ seed: trial.seed, value: preview }, error);
  const knowledge = knowledgeFrom(historyOf(snapshot, marker.champion.tree, like), contract);
  const { noise, doubt } = assess(stoppedTest(knowledge, step), pricesOf(gateRules(contract)));
  return { ...verdict, value: step.sample.value, noise: noise * knowledge.scale.unit, doubt };
}

/** The trial that was stopped early; undefined if there is none, or if another trial was measured. */
export function stoppedTrial(trials: readonly RecordedTrial[]): RecordedTrial | undefined {
  if (measuredValues(trials).length > 0) return undefined;
  return trials.find(({ outcome }) => outcome.status === 'stopped');
}

function hasResult({ outcome }: RecordedTrial): boolean {
  return outcome.status === 'measured' || outcome.status === 'stopped';
}

function knowledgeFrom(history: readonly Step[], contract: Contract): Knowledge {
  const { goal, noise } = gateRules(contract);
  return knowledgeOf(history, scaleOf(history, goal, noise, []));
}
