/** The contract's guards on an experiment: what was measured of each number, and how far it could go. */
import { checkGuard, type GuardRule, guardLimit } from '../../gate/guards.ts';
import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import { type Guard, isFromOutside, writeBound } from '../../protocol/guards.ts';
import { type GuardFinding, isBreach } from '../guard-finding.ts';
import type { RecordedTrial } from '../marker.ts';
import type { Campaign, Experiment, Snapshot } from '../model.ts';
import { budgetOf, comparable, countLike, type Judgement, trialsOfTree } from './evidence.ts';

/** A champion's trials with what a guard needs of them. */
interface Levels {
  champion: number[];
  /** Of the reference champion: the same list where that is the champion itself. */
  reference: number[];
}

/**
 * What was found about each of the contract's guards. Null if the champion has no such number under the conditions of these trials.
 * @param judged the trials that a verdict would rest on
 */
export function guardFindings(
  snapshot: Snapshot,
  contract: Contract,
  { marker }: Experiment,
  { candidate }: Pick<Extract<Judgement, { kind: 'judged' }>, 'candidate'>,
): GuardFinding[] | null {
  const [example] = candidate;
  if (!example) throw new RangeError('Expected at least one measured trial to compare, got none.');
  const isLast = contract.gate.rule === 'greedy' || candidate.length >= contract.gate.max_trials;
  const findings = contract.guards.map(guard => {
    const levels = levelsOf(snapshot, guard.name, marker.campaign, marker.champion.tree, trial =>
      comparable(trial, example),
    );
    return levels && findingOf(guard, levels, candidate, isLast);
  });
  return findings.some(finding => finding === null) ? null : findings.filter(finding => finding !== null);
}

function findingOf(
  guard: Guard,
  levels: Levels,
  candidate: readonly RecordedTrial[],
  isLast: boolean,
): GuardFinding {
  const idea = numbersOf(candidate, guard.name);
  const { name, side } = guard;
  const about = { name, side, bound: writeBound(guard.bound), trials: idea.length };
  // What a candidate leaves out, it may have a reason for.
  const isLeftOut = candidate.some(({ numbers }) => numbers[name] === null);
  if (idea.length > 0 && !isLeftOut)
    return { ...about, ...checkGuard(ruleOf(guard), { idea, ...levels }, isLast) };
  return {
    ...about,
    kind: isLeftOut || isLast ? 'missing' : 'unsure',
    value: idea.length > 0 ? mean(idea) : null,
    limit: guardLimit(ruleOf(guard), levels),
    reference: mean(levels.reference),
    noise: null,
  };
}

/** The first guard that was broken, in a sentence for people; null if none was. */
export function breachReason(findings: readonly GuardFinding[], isRefereed: boolean): string | null {
  const breach = findings.find(isBreach);
  if (!breach) return null;
  const { name, kind, value, trials, limit, reference } = breach;
  if (kind === 'missing' || value === null || limit === null || reference === null) {
    const how = isFromOutside(name, isRefereed) ? 'could not be measured' : 'was not reported in every trial';
    return `Breaks the guard ${name}, which ${how}. An idea is not merged without it.`;
  }
  const [measured = '', allowed = '', level = ''] = inDigits([value, limit, reference]);
  const count = `${trials} trial${trials === 1 ? '' : 's'}`;
  const most =
    breach.side === 'at_most' ? `at most ${allowed} is allowed` : `at least ${allowed} is required`;
  return `Breaks the guard ${name}: ${measured} in ${count}, but ${most} (${boundText(breach, level)}).`;
}

/** How the limit follows from the bound. */
function boundText({ bound, limit }: GuardFinding, reference: string): string {
  if (bound.endsWith('x')) return `${bound} the reference champion's ${reference}`;
  if (Number(bound) === limit) return `the reference champion has ${reference}`;
  return `${bound} once a champion has reached it; the reference champion has ${reference}`;
}

/** With as many significant digits as it takes to tell the first two apart, and at least four. */
function inDigits(numbers: readonly [number, number, ...number[]]): string[] {
  const write = (value: number, digits: number) => String(Number(value.toPrecision(digits)));
  let digits = 4;
  while (digits < 12 && write(numbers[0], digits) === write(numbers[1], digits)) digits++;
  return numbers.map(value => write(value, digits));
}

/** What the champion has of a guarded number, for people; nulls where that is not known. */
export interface GuardLevel {
  guard: Guard;
  champion: number | null;
  reference: number | null;
  limit: number | null;
}

/** Under the conditions under which the champion has most of its trials. */
export function guardLevels(snapshot: Snapshot, contract: Contract, campaign: Campaign): GuardLevel[] {
  const budget = budgetOf(contract, campaign);
  const trials = trialsOfTree(snapshot, snapshot.base.tree).filter(
    ({ outcome, budgetSeconds }) => outcome.status === 'measured' && budgetSeconds === budget,
  );
  const [example] = trials.toSorted((a, b) => countLike(trials, b) - countLike(trials, a));
  return contract.guards.map(guard => {
    const levels =
      example &&
      levelsOf(snapshot, guard.name, campaign.issue, snapshot.base.tree, trial => comparable(trial, example));
    if (!levels) return { guard, champion: null, reference: null, limit: null };
    return {
      guard,
      champion: mean(levels.champion),
      reference: mean(levels.reference),
      limit: guardLimit(ruleOf(guard), levels),
    };
  });
}

/** Null where the champion has no such number. */
function levelsOf(
  snapshot: Snapshot,
  name: string,
  campaign: number,
  champion: string,
  like: (trial: RecordedTrial) => boolean,
): Levels | null {
  const of = (tree: string) =>
    numbersOf(
      trialsOfTree(snapshot, tree).filter(trial => trial.outcome.status === 'measured' && like(trial)),
      name,
    );
  const own = of(champion);
  if (own.length === 0) return null;
  const line = lineFrom(snapshot, campaign, champion).filter(tree => tree !== champion);
  return { champion: own, reference: line.map(of).find(numbers => numbers.length > 0) ?? own };
}

/**
 * The champions from the reference to this one: from the first that the campaign met, or from the last that people chose since, by a push, by
 * `keep` or by merging themselves. What the gate merges does not move the reference: else the limits of a few merges would multiply.
 */
function lineFrom({ experiments, campaigns }: Snapshot, campaign: number, champion: string): string[] {
  const merged = experiments.filter(
    ({ state, marker: { verdict } }) =>
      state === 'merged' && verdict?.kind === 'merge' && verdict.cause !== 'kept',
  );
  const line = [champion];
  for (let tree: string | undefined = champion; tree !== undefined; ) {
    const child: string = tree;
    tree = merged.find(({ marker }) => marker.tree === child)?.marker.champion.tree;
    // A merge can restore the tree of an earlier champion.
    if (tree === undefined || line.includes(tree)) break;
    line.unshift(tree);
  }
  const met = new Set([
    ...experiments.flatMap(({ marker }) => (marker.campaign === campaign ? marker.champion.tree : [])),
    ...campaigns.flatMap(({ issue, state }) =>
      issue === campaign ? (state?.baselines ?? []).map(({ tree }) => tree) : [],
    ),
  ]);
  return line.slice(line.findIndex(tree => met.has(tree) || tree === champion));
}

function numbersOf(trials: readonly RecordedTrial[], name: string): number[] {
  return trials.flatMap(({ numbers }) => numbers[name] ?? []);
}

function ruleOf({ side, bound }: Guard): GuardRule {
  return { side, ...bound };
}
