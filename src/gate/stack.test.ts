import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runGate } from '../../bench/gate/campaigns.ts';
import { WORLDS } from '../../bench/gate/worlds.ts';
import { createRandom } from '../sim/random.ts';
import { type GateRules, judge, stackToTry } from './gate.ts';
import { learn, type Step, scaleOf, startKnowledge } from './knowledge.ts';

const RULES: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 4, noise: null };
const samples = (...values: number[]) => values.map((value, seed) => ({ seed, value }));
const BASELINES: Step = { kind: 'champion', samples: samples(1, 1.001, 0.999) };
const lost = (value: number, id?: string): Step => ({
  kind: 'experiment',
  samples: samples(value),
  merged: false,
  ...(id === undefined ? {} : { id }),
});
const MISSES = ['a', 'b', 'c'].map((id, i) => lost(0.9978 + 0.0001 * i, id));
const BAD = [1.01, 1.012, 1.009].map(value => lost(value));
const knowledgeOf = (steps: readonly Step[]) =>
  steps.reduce(learn, startKnowledge(scaleOf(steps, 'minimize', null, [])));

test('ideas that nearly made it are worth trying together; those without a name, or far worse ones, are not', () => {
  assert.deepEqual(stackToTry(knowledgeOf([BASELINES, ...BAD, ...MISSES])), ['a', 'b', 'c']);
  assert.deepEqual(stackToTry(knowledgeOf([BASELINES, ...BAD, ...MISSES.slice(1)])), [], 'two are too few');
  const nameless = MISSES.map((_, i) => lost(0.9978 + 0.0001 * i));
  assert.deepEqual(stackToTry(knowledgeOf([BASELINES, ...BAD, ...nameless])), []);
  assert.deepEqual(stackToTry(knowledgeOf([BASELINES, ...['a', 'b', 'c'].map(id => lost(1.01, id))])), []);
});

test('of near misses, only those that were chosen are stacked; they are given the best first', () => {
  const knowledge = knowledgeOf([BASELINES, ...BAD, ...MISSES]);
  const choices: string[][] = [];
  const stackOf = (most: number) =>
    stackToTry(knowledge, ids => {
      choices.push([...ids]);
      return ids.slice(0, most);
    });
  assert.deepEqual(stackOf(3), ['a', 'b', 'c']);
  assert.deepEqual(stackOf(2), []);
  assert.deepEqual(choices[0], ['a', 'b', 'c']);
});

test('a stack is believed to do what its parts do together', () => {
  const history = [BASELINES, ...BAD, ...MISSES];
  const alone = judge(history, { samples: samples(0.9955), addedTokens: 0 }, RULES);
  const stack = judge(history, { samples: samples(0.9955), addedTokens: 0, parts: ['a', 'b', 'c'] }, RULES);
  assert.ok(stack.doubt < alone.doubt, `${stack.doubt}, ${alone.doubt}`);
});

test('parts that were tried in a stack, or on other code, are not tried again', () => {
  const tried: Step = { kind: 'experiment', samples: samples(1.004), merged: false, parts: ['a', 'b', 'c'] };
  assert.deepEqual(stackToTry(knowledgeOf([BASELINES, ...BAD, ...MISSES, tried])), []);
  const moved = [BASELINES, ...BAD, ...MISSES, { kind: 'moved' } as const, BASELINES];
  assert.deepEqual(stackToTry(knowledgeOf(moved)), []);
});

test('where effects are as small as the noise, stacks find what single ideas cannot', () => {
  const world = WORLDS.find(({ name }) => name === 'effects 0.0005, 20% help') ?? assert.fail();
  const gainWith = (stacks: boolean) =>
    Array.from(
      { length: 16 },
      (_, i) => runGate(createRandom(401 + i), world, { trials: 125, rules: RULES, stacks }).gain,
    ).reduce((sum, gain) => sum + gain, 0);
  const [without, together] = [gainWith(false), gainWith(true)];
  assert.ok(together > 1.2 * without, `${without}, ${together}`);
});
