import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, trial } from '../snapshot.test-helper.ts';
import { bendsCurve, type MeasuredChampion, previewErrors, type Tried } from './previews.ts';

/** An idea that replaces one text with another. */
function idea(search: string, replace: string, title = 'an idea') {
  return { title, hypothesis: 'It helps.', edits: [{ path: 'trainer/train.py', search, replace }] };
}

test('an idea that changes the schedule or the loss bends the learning curve', () => {
  const bending = [
    idea('WARMDOWN = 0.5', 'WARMDOWN = 0.7'),
    idea('MATRIX_LR = 0.03', 'MATRIX_LR = 0.06'),
    idea('WEIGHT_DECAY = 0.05', 'WEIGHT_DECAY = 0.1'),
    idea('lr = base', 'lr = base * 0.5'),
    idea('x = 1', 'x = 1 - run.progress'),
    idea('return loss', 'return loss + 0.01 * z'),
    idea('a', 'b', 'Cosine learning-rate schedule'),
  ];
  for (const each of bending) assert.ok(bendsCurve(each), JSON.stringify(each));
  const others = [
    idea('DEPTH = 2', 'DEPTH = 3'),
    idea('WIDTH = 128  # more is slower to decay', 'WIDTH = 64  # more is slower to decay'),
    idea('LR = 1\nDEPTH = 2', 'LR = 1\nDEPTH = 3'),
    idea('allright = colrow', 'allright = false'),
  ];
  for (const each of others) assert.ok(!bendsCurve(each), JSON.stringify(each));
});

/** An experiment; each pair is a trial's preview and its final score. */
function tried(number: number, edits: ReturnType<typeof idea>, ...pairs: [number, number][]): Tried {
  const trials = trialsOf(number, pairs);
  return { experiment: experiment(number, { idea: edits, trials }), trials };
}

function trialsOf(number: number, pairs: [number, number][]) {
  return pairs.map(([preview, value], i) =>
    trial(`3/${number}.${i + 1}`, `tree ${number}`, value, { preview }),
  );
}

const STRAIGHT = idea('DEPTH = 2', 'DEPTH = 3');
const BENDING = idea('WARMDOWN = 0.5', 'WARMDOWN = 0.7');
const pairs = (count: number, off: number) =>
  Array.from({ length: count }, (_, i): [number, number] => [1 + off + 0.01 * (i % 2), 1]);
const champion = (more: Partial<MeasuredChampion>): MeasuredChampion => ({
  tree: '',
  baselines: [],
  tried: [],
  madeBy: null,
  ...more,
});
const shifts = (...line: MeasuredChampion[]) =>
  previewErrors(line).map(error => error && Math.round(100 * error.shift) / 100);

test('previews are learned from baselines and ideas, but not from ideas that bend the curve', () => {
  const baselines = trialsOf(0, pairs(3, 0.1));
  assert.deepEqual(shifts(champion({ baselines })), [null]);
  assert.deepEqual(shifts(champion({ baselines, tried: [tried(1, BENDING, ...pairs(9, 0.5))] })), [null]);
  assert.deepEqual(shifts(champion({ baselines, tried: [tried(1, STRAIGHT, ...pairs(2, 0.1))] })), [-0.1]);
  const silent = baselines.map(each => ({ ...each, preview: null }));
  assert.deepEqual(shifts(champion({ baselines: silent, tried: [tried(1, STRAIGHT, ...pairs(4, 0.1))] })), [
    null,
  ]);
});

test("the less ideas' previews are like the champion's own, the less certain they are", () => {
  const uncertainty = (off: number) => {
    const [error] = previewErrors([
      champion({ baselines: trialsOf(0, pairs(3, 0.1)), tried: [tried(1, STRAIGHT, ...pairs(20, off))] }),
    ]);
    return Math.sqrt(error?.variance ?? 0);
  };
  assert.ok(uncertainty(0.1) < 0.01);
  assert.ok(uncertainty(0.05) > 0.05, String(uncertainty(0.05)));
});

test('what was learned applies to later champions, until one changes the schedule', () => {
  const first = champion({ tried: [tried(1, STRAIGHT, ...pairs(5, 0.1))] });
  const next = champion({ madeBy: tried(1, STRAIGHT, [1.1, 1]) });
  assert.deepEqual(shifts(first, next), [-0.1, -0.1]);
  const madeBy = tried(2, BENDING, ...pairs(3, 0.5));
  const last = champion({ madeBy, tried: [tried(3, STRAIGHT, ...pairs(2, 0.5))] });
  assert.deepEqual(shifts(first, champion({ madeBy })), [-0.1, null]);
  assert.deepEqual(shifts(first, last), [-0.1, -0.5]);
});
