/** Stopping trials that cannot win any more: the bar that a dispatch carries, and the verdict on who met it. */

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
import { comparable, gateRules, trialsOfTree } from './evidence.ts';
import { historyOf, previewErrorOn } from './history.ts';
import { bendsCurve } from './previews.ts';

/**
 * The bar for an experiment's next trial at a budget in seconds and on a seed; null where it is to be finished whatever its preview: any
 * trial but the first, an idea that bends the curve, one that makes the code shorter (which wins by a tie), and all while too
 * little is known of previews. People who ask for an idea, keep it, or want another trial of it, get a whole one. The conditions of the champion's
 * last trial are taken for those of the next.
 */
export function stopBarOf(
  snapshot: Snapshot,
  contract: Contract,
  experiment: Experiment,
  budgetSeconds: number,
  seed: number,
): StopBar | null {
  const { idea, addedTokens, champion, words, asked } = experiment.marker;
  if (asked || words.length > 0) return null;
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
  const known = knowing(historyOf(snapshot, champion.tree, like), contract);
  const value = stopBar(known, seed, error, 1 - PREVIEW_AT, gateRules(contract));
  return value === null ? null : { value, digest: last.digest, machine: last.machine };
}

/**
 * The verdict on an experiment whose only result is that its trial was stopped; null for any other. Its numbers are those of
 * a guess: where the trial was on the way to.
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
  const like = (other: RecordedTrial) => comparable(other, trial);
  const champion = measuredValues(trialsOfTree(snapshot, marker.champion.tree).filter(like));
  const verdict: Verdict = {
    kind: 'close',
    cause: null,
    reason: `Stopped at ${Math.round(100 * at)} % of its time: what it was on the way to was not worth the rest.`,
    value: preview,
    championValue: champion.length > 0 ? mean(champion) : null,
    noise: null,
    doubt: null,
  };
  const error = previewErrorOn(snapshot, marker.champion.tree, like);
  if (error === null) return verdict;
  const step = stoppedStep({ seed: trial.seed, value: preview }, error);
  const known = knowing(historyOf(snapshot, marker.champion.tree, like), contract);
  const { noise, doubt } = assess(stoppedTest(known, step), pricesOf(gateRules(contract)));
  return { ...verdict, value: step.sample.value, noise: noise * known.scale.unit, doubt };
}

/** The trial that was stopped; undefined where none was, and where another brought a number. */
export function stoppedTrial(trials: readonly RecordedTrial[]): RecordedTrial | undefined {
  if (measuredValues(trials).length > 0) return undefined;
  return trials.find(({ outcome }) => outcome.status === 'stopped');
}

function hasResult({ outcome }: RecordedTrial): boolean {
  return outcome.status === 'measured' || outcome.status === 'stopped';
}

function knowing(history: readonly Step[], contract: Contract): Knowledge {
  const { goal, noise } = gateRules(contract);
  return knowledgeOf(history, scaleOf(history, goal, noise, []));
}
