import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doesTheSame } from './sameness.ts';

const PYTHON = '"""Trains."""\nLR = 0.5\n\ndef f(x):\n    """Doc."""\n    return x * 2 ** 3  # scale\n';

test('comments, blanks, documentation and other ways of writing a value change nothing', async () => {
  const same: [string, string, string][] = [
    ['a.py', PYTHON, PYTHON.replace('scale', 'factor')],
    ['a.py', PYTHON, `# new\n${PYTHON.replace('Doc.', 'Something else.')}\n\n`],
    ['a.py', PYTHON, PYTHON.replace('LR = 0.5', 'LR = 5e-1')],
    ['a.py', PYTHON, PYTHON.replace('LR = 0.5', 'LR = (0.50)')],
    ['a.py', PYTHON, PYTHON.replace('x * 2 ** 3', 'x * 8')],
    ['a.py', PYTHON, PYTHON.replaceAll('    ', '  ')],
    ['a.py', 'S = "a"\n', "S = 'a'\n"],
    ['a.yml', 'lr: 0.1 # peak\nopt: {a: 1}\n', 'lr: 0.10\n\nopt:\n  a: 1\n'],
    ['a.json', '{"lr": 0.1}', '{\n  "lr": 1e-1\n}\n'],
    ['a.toml', '[a]\nlr = 0.1\n', '# new\n[a]\n  lr = 0.10  # peak\n'],
    ['a.ts', 'const LR = 0.1; // peak\n', 'const LR = 1e-1;\n\n// new\n'],
    ['a.rs', 'const N: usize = 1_000;\n', 'const N: usize = 1000; // new\n'],
    ['a.sh', 'export LR=0.1\n', 'export LR=0.10 # new\n'],
  ];
  for (const [path, before, after] of same)
    assert.ok(await doesTheSame(path, before, after), `${path}: ${after}`);
});

test('whatever may run differently is a change', async () => {
  const different: [string, string, string][] = [
    ['a.py', PYTHON, PYTHON.replace('0.5', '0.6')],
    ['a.py', PYTHON, PYTHON.replace('x * 2', 'x + 2')],
    ['a.py', 'X = 1\n', 'X = 1.0\n'],
    ['a.py', 'X = 0.0\n', 'X = -0.0\n'],
    ['a.py', 'X = 1\n', 'X = True\n'],
    ['a.py', 'assert f()\n', 'pass\n'],
    ['a.py', 'X = "a # b"\n', 'X = "a # c"\n'],
    ['a.py', 'def (', 'def  ('],
    ['a.yml', 'a: 1\nb: 2\n', 'b: 2\na: 1\n'],
    ['a.yml', 'a: 1\n', 'a: "1"\n'],
    ['a.ts', 'const A = "x // y";\n', 'const A = "x // z";\n'],
    ['a.ts', 'const A = `\n  x\n`;\n', 'const A = `\n x\n`;\n'],
    ['a.toml', 'a = "x # y"\n', 'a = "x # z"\n'],
    ['a.toml', 'a = 1\n', 'a = 1.0\n'],
    ['a.rs', 'const A: f32 = 0.0;\n', 'const A: f32 = -0.0;\n'],
    ['a.txt', 'a\n', 'a\n\n'],
  ];
  for (const [path, before, after] of different)
    assert.ok(!(await doesTheSame(path, before, after)), `${path}: ${after}`);
});
