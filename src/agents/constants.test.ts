import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedConstants, parseConstants, withValue } from './constants.ts';
import { formatValue } from './literal.ts';

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
    ['BETAS[0]', 0.8, 'float'],
    ['BETAS[1]', 0.95, 'float'],
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
  assert.equal(rewritten('64 * 1024', 131072), '128 * 1024');
  assert.equal(rewritten('0.5 * 3', 0.75), '0.25 * 3');
  assert.equal(rewritten('3 * 1000', 1500), '1500');
  assert.equal(rewritten('-1.0', -2), '-2.0');
  assert.equal(rewritten('1 << 19', 2 ** 20), '1 << 20');
});

test('settings are found in tuples, lists, dictionaries, products and with a sign', () => {
  const text = [
    'BETAS = (0.8, 0.95)  # (a, b)',
    'SIZES: list[int] = [64, 2 * 32,  # two',
    '  128]',
    'CONFIG = {"lr": 0.1, "model": {"depth": 3}, "name": "a, b", "x": f(3)}',
    'OPT = dict(lr=3e-4, warm=-1)',
    'ADAM = AdamW(lr=0.5, betas=(0.9, 0.99), params=g(3))',
    'BATCH = 64 * 1024',
    'BIAS = -1.5',
    'NOISE = (2 + 3) * 4',
    'FIRST = CONFIG["lr"]',
    'CALL = f(1, 2)',
  ].join('\n');
  assert.deepEqual(
    found('train.py', text).map(([name, value]) => [name, value]),
    [
      ['BETAS[0]', 0.8],
      ['BETAS[1]', 0.95],
      ['SIZES[0]', 64],
      ['SIZES[1]', 64],
      ['SIZES[2]', 128],
      ['CONFIG.lr', 0.1],
      ['CONFIG.model.depth', 3],
      ['OPT.lr', 3e-4],
      ['OPT.warm', -1],
      ['ADAM.lr', 0.5],
      ['ADAM.betas[0]', 0.9],
      ['ADAM.betas[1]', 0.99],
      ['BATCH', 65536],
      ['BIAS', -1.5],
    ],
  );
});

test('settings are found in TOML, shell scripts and Rust', () => {
  const toml =
    'lr = 0.1 # peak\n[model]\ndepth = 3\nbetas = [0.9, 0.95]\n[model.head]\n"bias" = -1.0\nname = "x = 3"\n';
  assert.deepEqual(
    found('a.toml', toml).map(([name, value]) => [name, value]),
    [
      ['lr', 0.1],
      ['model.depth', 3],
      ['model.betas[0]', 0.9],
      ['model.betas[1]', 0.95],
      ['model.head.bias', -1],
    ],
  );
  const shell =
    'export LR=0.1 # peak\nDEPTH="4"\nWIDTH=$' +
    '{WIDTH:-64}\nNAME=a3\nN=$((2+3))\npython train.py --batch-size 32 \\\n  --wd=0.1 --fast\n';
  assert.deepEqual(
    found('run.sh', shell).map(([name, value]) => [name, value]),
    [
      ['LR', 0.1],
      ['DEPTH', 4],
      ['WIDTH', 64],
      ['batch-size', 32],
      ['wd', 0.1],
    ],
  );
  const rust =
    'pub const LR: f32 = 0.1_f32; // peak\nconst BATCH: usize = 64 * 1024;\nstatic BETAS: [f64; 2] = [0.9, 0.95];\nconst ON: bool = true;\n' +
    "fn f<'a>() { let x = 3; }\nconst C: Config = Config { depth: 3, lr: 1e-3f64 };\n";
  assert.deepEqual(
    found('main.rs', rust).map(([name, value]) => [name, value]),
    [
      ['LR', 0.1],
      ['BATCH', 65536],
      ['BETAS[0]', 0.9],
      ['BETAS[1]', 0.95],
      ['ON', 1],
      ['C.depth', 3],
      ['C.lr', 0.001],
    ],
  );
  const [lr] = parseConstants('main.rs', rust);
  assert.ok(lr);
  assert.match(withValue(lr, rust, '0.2'), /= 0\.2_f32; \/\/ peak/);
});

test('two versions that differ in constants alone are told apart by these', () => {
  const text = 'LR = 0.1\nBETAS = (0.8, 0.95)\n';
  const changes = (after: string) =>
    changedConstants('a.py', text, after)?.map(
      ({ from, to }) => `${from.name} ${from.written} ${to.written}`,
    );
  assert.deepEqual(changes('LR = 0.2\nBETAS = (0.8, 0.9)\n'), ['LR 0.1 0.2', 'BETAS[1] 0.95 0.9']);
  assert.equal(changes('LR = 0.2\nBETAS = (0.8, 0.9)\nX = 1\n'), undefined);
  assert.equal(changes('LR = 0.2  # new\nBETAS = (0.8, 0.95)\n'), undefined);
  assert.equal(changes(text), undefined);
});
