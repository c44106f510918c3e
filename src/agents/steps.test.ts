import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Constant, parseConstants } from './constants.ts';
import { firstDirection, isTunable, rankOf, type Step, stepped } from './steps.ts';

function constant(line: string, path = 'train.py'): Constant {
  const [only] = parseConstants(path, line);
  assert.ok(only, line);
  return only;
}

/** A full step up, a full step down, then the smaller steps up. */
function around(line: string, budgetSeconds = 300) {
  const steps: Step[] = [
    { direction: 1, size: 1 },
    { direction: -1, size: 1 },
    { direction: 1, size: 0.5 },
    { direction: 1, size: 0.25 },
  ];
  return steps.map(step => stepped(constant(line), step, budgetSeconds));
}

test('every kind of value has its own steps', () => {
  assert.deepEqual(around('MATRIX_LR = 0.02'), [0.04, 0.01, 0.028, 0.024]);
  assert.deepEqual(around('EMBED_LR = 0.6'), [1.2, 0.3, 0.85, 0.71]);
  assert.deepEqual(around('DEPTH = 8'), [16, 4, 12, 10]);
  assert.deepEqual(around('N = 1'), [2, null, null, null]);
  assert.deepEqual(around('WIDTH = 768'), [1536, 384, 1024, 896]);
  assert.deepEqual(around('WARMUP_STEPS = 1000'), [2000, 500, 1400, 1200]);
  assert.deepEqual(around('N_HEADS = 6'), [12, 3, null, null]);
  assert.deepEqual(around('HEAD_DIM = 1'), [2, null, null, null]);
  assert.deepEqual(around('BATCH = 2**15'), [2 ** 16, 2 ** 14, null, null]);
  assert.deepEqual(around('TIED = True'), [null, 0, null, null]);
  assert.deepEqual(around('TIED = False'), [1, null, null, null]);
});

test('fractions stay between 0 and 1, with smaller steps near the ends', () => {
  assert.deepEqual(around('BETA2 = 0.95'), [0.974, 0.905, 0.964, 0.958]);
  assert.deepEqual(around('WARMDOWN_RATIO = 0.5'), [0.67, 0.33, 0.59, 0.54]);
  assert.deepEqual(around('WARMUP_RATIO = 0.0'), [0.1, null, 0.05, 0.025]);
  assert.deepEqual(around('WARMDOWN_RATIO = 1.0'), [null, 0.9, null, null]);
  assert.deepEqual(around('AVERAGE = 0.99'), [0.995, 0.98, 0.9929, 0.9916]);
});

test('constants that identify or observe a run are not tuned', () => {
  const lines = [
    'SEED = 42',
    'PORT = 80',
    'EVAL_BATCHES = 4',
    'VOCAB_SIZE = 8192',
    'TIME_BUDGET = 300',
    'SHIFT = 0',
  ];
  for (const line of lines) assert.equal(isTunable(constant(line)), false, line);
  for (const line of ['DEVICE_BATCH_SIZE = 8', 'LR = 0.1', 'WARMUP_RATIO = 0.0', 'TIED = False']) {
    assert.equal(isTunable(constant(line)), true, line);
  }
  assert.equal(isTunable({ ...constant('lr: 0.1', 'a.yml'), name: 'evaluation.lr' }), false);
});

test('the most important constants come first, and sizes go down first', () => {
  const lines = [
    'HEAD_DIM = 32',
    'GAIN = 2.5',
    'MOMENTUM = 0.9',
    'WARMDOWN = 0.5',
    'DEPTH = 3',
    'BATCH_SIZE = 8',
    'LR = 0.1',
  ];
  const ranks = lines.map(line => rankOf(constant(line)));
  assert.deepEqual(ranks.slice(3), [3, 2, 1, 0]);
  assert.ok((ranks[1] ?? 0) > (ranks[2] ?? 0));
  assert.equal(firstDirection(constant('BATCH_SIZE = 8')), -1);
  assert.equal(firstDirection(constant('LR = 0.1')), 1);
});

test('with a short budget, sizes are not doubled', () => {
  assert.deepEqual(around('DEPTH = 8', 20), [null, 4, 12, 10]);
  assert.deepEqual(around('BATCH_SIZE = 64', 20), [null, 32, null, null]);
  assert.deepEqual(around('LR = 0.1', 20), [0.2, 0.05, 0.14, 0.12]);
});
