/** What each merged idea is still worth: the last champion without it, measured once more at the end. */
import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Edit, Idea } from '../idea.ts';
import { type Campaign, type Experiment, measuredValues, type Snapshot } from '../model.ts';
import { experimentsOf } from '../queries.ts';
import { budgetOf, comparable, trialsOfTree } from './evidence.ts';
import { isSettled, spanOf } from './finals.ts';
import { lineOf, noiseOf } from './result.ts';

/** Trials without one idea: more are for ideas that nobody has measured yet. */
const MOST_SEEDS = 3;

/** An idea, and how much worse the last champion scores without it. */
export interface Worth {
  experiment: Experiment;
  /** Negative if it scores better without. */
  loss: number;
  /** Standard error; null if the noise is not known. */
  error: number | null;
  trials: number;
}

/** The merged ideas in the order in which they are left out: first those that the gate doubted most. */
export function ablationOrder(experiments: readonly Experiment[]): Experiment[] {
  const merged = lineOf(experiments)?.merged ?? [];
  // Without its only idea, the last champion is the first.
  if (merged.length < 2) return [];
  const doubtOf = ({ marker }: Experiment) => marker.verdict?.doubt ?? 1;
  return merged.toSorted((a, b) => doubtOf(b) - doubtOf(a));
}

/** How many trials each of so many ideas gets. */
export function seedsFor(ideas: number, { ablation }: Contract): number {
  return Math.max(1, Math.min(MOST_SEEDS, Math.floor(ablation / ideas)));
}

/** The idea that takes this one back; null if that cannot be written as edits, because it removes text without a trace. */
export function undone({ title, edits }: Idea): Idea | null {
  if (edits.some(({ replace }) => replace === '')) return null;
  return {
    title: `without: ${title}`.slice(0, 80),
    hypothesis: 'This change was merged, and may not carry anything any more.',
    edits: edits
      .map(({ path, search, replace }): Edit => ({ path, search: replace, replace: search }))
      .reverse(),
  };
}

/** What was measured without each idea, the least valuable first; empty if nothing was. */
export function worthOf(snapshot: Snapshot, contract: Contract, campaign: Campaign): Worth[] {
  const experiments = experimentsOf(snapshot, campaign);
  const span = spanOf(campaign, experiments);
  if (span === null) return [];
  const noise = noiseOf(lineOf(experiments)?.merged ?? []);
  const sign = contract.metric.goal === 'minimize' ? 1 : -1;
  const champion = trialsOfTree(snapshot, span.last.tree).filter(
    ({ outcome, budgetSeconds }) =>
      outcome.status === 'measured' && budgetSeconds === budgetOf(contract, campaign),
  );
  const found = (campaign.state?.finals ?? []).flatMap((final): Worth[] => {
    const experiment = experiments.find(({ pull }) => pull === final.without);
    const like = final.trials.findLast(({ outcome }) => outcome.status === 'measured');
    if (!experiment || !like || final.base !== span.last.sha || !isSettled(final)) return [];
    const values = measuredValues(final.trials.filter(trial => comparable(trial, like)));
    const level = measuredValues(champion.filter(trial => comparable(trial, like)));
    if (level.length === 0) return [];
    const error = noise === null ? null : noise * Math.sqrt(1 / values.length + 1 / level.length);
    return [{ experiment, loss: sign * (mean(values) - mean(level)), error, trials: values.length }];
  });
  return found.toSorted((a, b) => a.loss - b.loss);
}
