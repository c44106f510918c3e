import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Constant, formatValue, parseConstants } from './constants.ts';

function found(path: string, text: string): [string, number, string][] {
  return parseConstants(path, text).map(({ name, value, notation }) => [name, value, notation]);
}

function rewritten(written: string, value: number, path = 'a.py'): string {
  const [constant] = parseConstants(path, `X${path.endsWith('.py') ? ' =' : ':'} ${written}`);
  assert.ok(constant);
  return formatValue(constant, value);
}

test('upper-case constants at the top level of Python are found in every notation', () => {
  const text = [
    '"""Notes:',
    'OLD_LR = 0.5',
    '"""',
    'MATRIX_LR = 0.02  # learning rate',
    'EPS: float = 1e-8',
    'TOTAL = 2**19',
    'ROWS = 1_000',
    'WIDTH = 768',
    'BATCH = 128',
    'TIED = True',
    'NAME = "SSSL"',
    'BETAS = (0.8, 0.95)',
    'SUM = 3 + 4',
    'lower = 3',
    'def f():',
    '    INNER = 3',
  ].join('\n');
  assert.deepEqual(found('train.py', text), [
    ['MATRIX_LR', 0.02, 'float'],
    ['EPS', 1e-8, 'float'],
    ['TOTAL', 524288, 'power'],
    ['ROWS', 1000, 'int'],
    ['WIDTH', 768, 'int'],
    ['BATCH', 128, 'power'],
    ['TIED', 1, 'boolean'],
  ]);
});

test('YAML and JSON values are prefixed with their parent keys', () => {
  const yaml = 'lr: 0.1\noptimizer:\n  lr: 0.02 # peak\n  decay:\n    final: 0\nmodel:\n  tied: true\n';
  assert.deepEqual(found('a.yml', yaml), [
    ['lr', 0.1, 'float'],
    ['optimizer.lr', 0.02, 'float'],
    ['optimizer.decay.final', 0, 'int'],
    ['model.tied', 1, 'boolean'],
  ]);
  const json = '{\n  "model": {\n    "depth": 3,\n    "tied": false\n  },\n  "lr": 2e-3\n}\n';
  assert.deepEqual(found('a.json', json), [
    ['model.depth', 3, 'int'],
    ['model.tied', 0, 'boolean'],
    ['lr', 0.002, 'float'],
  ]);
});

test('JavaScript and TypeScript constants are found', () => {
  const text = 'export const DEPTH = 3;\nconst LR: number = 0.1; // rate\nTIED = false\n  const INNER = 1;\n';
  assert.deepEqual(found('a.ts', text), [
    ['DEPTH', 3, 'int'],
    ['LR', 0.1, 'float'],
    ['TIED', 0, 'boolean'],
  ]);
  assert.deepEqual(found('a.txt', text), []);
});

test('a line consists of the text before the value, the value, and the rest', () => {
  for (const line of ['MATRIX_LR = 0.02  # rate', 'A=1']) {
    const [constant] = parseConstants('a.py', `\r\n${line}\r\n`) as [Constant];
    assert.equal(constant.before + constant.written + constant.after, line);
    assert.equal(constant.line, 1);
  }
});

test('a new value has the notation of the old one', () => {
  assert.equal(rewritten('0.02', 0.04), '0.04');
  assert.equal(rewritten('1.0', 2), '2.0');
  assert.equal(rewritten('1e-3', 0.002), '2e-3');
  assert.equal(rewritten('1.0e-3', 0.002), '2.0e-3');
  assert.equal(rewritten('0.00005', 0.000025), '0.000025');
  assert.equal(rewritten('0.0000005', 2.5e-7), '0.00000025');
  assert.equal(rewritten('2**16', 131072), '2**17');
  assert.equal(rewritten('2 ** 16', 32768), '2 ** 15');
  assert.equal(rewritten('1_000', 2000), '2_000');
  assert.equal(rewritten('64', 128), '128');
  assert.equal(rewritten('True', 0), 'False');
  assert.equal(rewritten('false', 1, 'a.yml'), 'true');
});
