/** Near misses: closed ideas that may be worth merging together. Which of them the gate would stack, and which fit together. */
import { knowledgeOf } from '../../gate/fold.ts';
import { stackToTry } from '../../gate/gate.ts';
import { scaleOf } from '../../gate/knowledge.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Idea } from '../idea.ts';
import type { Campaign, Experiment, Snapshot } from '../model.ts';
import { budgetOf, comparable, countLike, gateRules, trialsOfTree } from './evidence.ts';
import { historyOf, nearMissId } from './history.ts';

/** The most parts of a stack, and edits in it. */
const MOST = { parts: 8, edits: 20 };

/**
 * The closed experiments that are worth trying together on the champion, the best first; empty without such a stack. Judged under the conditions
 * under which the champion has most of its trials.
 */
export function stackOf(snapshot: Snapshot, contract: Contract, campaign: Campaign): Experiment[] {
  const budget = budgetOf(contract, campaign);
  const champion = trialsOfTree(snapshot, snapshot.base.tree).filter(
    ({ outcome, budgetSeconds }) => outcome.status === 'measured' && budgetSeconds === budget,
  );
  const [example] = champion.toSorted((a, b) => countLike(champion, b) - countLike(champion, a));
  if (!example) return [];
  const history = historyOf(snapshot, snapshot.base.tree, trial => comparable(trial, example));
  const { goal, noise } = gateRules(contract);
  const knowledge = knowledgeOf(history, scaleOf(history, goal, noise, []));
  const misfits = campaign.state?.misfits ?? [];
  const byId = new Map(
    snapshot.experiments
      .filter(({ pull, state }) => state === 'closed' && !misfits.includes(pull))
      .map(experiment => [nearMissId(experiment.pull), experiment]),
  );
  const experimentsOf = (ids: readonly string[]) => ids.flatMap(id => byId.get(id) ?? []);
  const choose = (ids: readonly string[]) =>
    fittingTogether(experimentsOf(ids)).map(({ pull }) => nearMissId(pull));
  return experimentsOf(stackToTry(knowledge, choose));
}

/** Those that change different lines, given from the best on: of two that change the same line, the better stays. */
function fittingTogether(experiments: readonly Experiment[]): Experiment[] {
  const chosen: Experiment[] = [];
  const taken = new Set<string>();
  let edits = 0;
  for (const experiment of experiments) {
    const { idea } = experiment.marker;
    const lines = linesOf(idea);
    if (chosen.length === MOST.parts || edits + idea.edits.length > MOST.edits) continue;
    if (lines.some(line => taken.has(line))) continue;
    chosen.push(experiment);
    edits += idea.edits.length;
    for (const line of lines) taken.add(line);
  }
  return chosen;
}

/** The lines that an idea replaces, each with its file. */
function linesOf({ edits }: Idea): string[] {
  return edits.flatMap(({ path, search, replace }) => {
    const kept = new Set(replace.split('\n'));
    const gone = search.split('\n').filter(line => !kept.has(line));
    return gone.map(line => `${path}\n${line}`);
  });
}
