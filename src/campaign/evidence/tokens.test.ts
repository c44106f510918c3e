import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addedTokens } from './tokens.ts';

/** What the change of one file adds. */
const added = (before: string, after: string, path = 'train.py') =>
  addedTokens(new Map([[path, before]]), new Map([[path, after]]));

test('code is as long as its tokens, not its characters, lines or comments', () => {
  assert.equal(added('a = f(x)\n', ''), -6);
  assert.equal(added('RATE = 3', 'LEARNING_RATE = 0.03'), 0);
  assert.equal(added('a = 1\nb = 2', 'a = 1; b = 2  # both'), 1);
  assert.equal(added('x = 1  # it said "no"', 'x = 1'), 0);
  assert.equal(added("  # don't touch this\nx = 1", 'x = 1'), 0);
  assert.equal(added('n = a / b', 'n = a // b + extra(c)'), 5);
  assert.equal(added('x = "# no comment"', 'x = ""'), -3);
  assert.equal(
    added('def f():\n  """What it does."""\n  return 1', 'def f():\n  return 1'),
    0,
    'documentation',
  );
});

test('several files count together, and files that did not change do not count', () => {
  const before = new Map([
    ['a.py', 'a'],
    ['b.py', 'd e f'],
    ['c.py', 'x y'],
  ]);
  const changed = new Map([
    ['a.py', 'a b c'],
    ['b.py', ''],
  ]);
  assert.equal(addedTokens(before, changed), -1);
});

test('what is not Python, or cannot be read as Python, is never shorter', () => {
  assert.equal(added('let a = 1; // so\n', 'let a;', 'src/a.ts'), null);
  assert.equal(added('# text\nmore', '', 'notes.md'), null);
  assert.equal(added('a: 1\nb: 2', 'a: 1', 'settings.yaml'), null);
  assert.equal(added('a = f(x)', 'a = f(x'), null);
  const both = new Map([
    ['a.py', 'a'],
    ['b.json', '{}'],
  ]);
  assert.equal(addedTokens(both, both), null);
});

const LONG = 'def step(x):\n  y = x * 2\n  z = y + 3\n  return f(y, z)\n';
/** Versions of LONG that look shorter to somebody who counts badly, and are not. */
const NO_SIMPLER: Record<string, string> = {
  'code in a string of comment lines': `exec("""\n#"""\n"""\n# def step(x): return f(x * 2, x * 2 + 3) # and so on, and so on, and on and on\n""")\n`,
  'code in a string': 'exec("def step(x): return f(x*2, x*2+3)")\n',
  'code in bytes': "exec(b'def step(x): 0'[:])\n",
  'a name of other letters': 'ｅｘｅｃ(source)\n',
  'another way to execute': 'eval(source)\n',
  'a name that is put together': 'step = getattr(f, "a" + "b")\n',
  'code in comments, run by another program': `os.execvp("sh", ["sh", "-c", "sed -n s/^#//p train.py | python3"])\n`,
  'a program that is started': 'os.posix_spawnp("sh", [], {})\n',
  'a program that a module runs': 'step = subprocess.run(["a"])\n',
  'numbers in comments': 'step = np.loadtxt("train.py", comments=None)\n',
  'comments by a module': 'step = inspect.getcomments(f)\n',
  'a file behind a tensor': 'step = torch.from_file("a")\n',
  'code that went into comments': `step = other\n${LONG.replaceAll(/^/gm, '# ')}`,
  'code that went into documentation': `def step(): """${LONG}"""\n`,
  'what Python looks up': 'step = f.__dict__["a"]\n',
  'documentation that is read': 'step = f.__doc__\n',
  'names of the frame': 'step = globals()["a"]\n',
  'a field of a string': 'step = f"{eval(source)}"\n',
  'a field of a format': 'step = f"{x:{eval(source)}}"\n',
  'a module': 'import step\n',
  'a name of a module': 'from steps import step\n',
  'a module behind a colon': 'if 1: import step\n',
  'several modules': 'import math, step as s\n',
  'a module in brackets': 'from math import (\n  step,\n)\n',
  'a neighbour': 'from . import step\n',
  'all of a module': 'from steps import *\n',
  'a file': 'step = open("a")\n',
  'a file by a path': 'step = path.read_text()\n',
  'a file of numbers': 'step = np.load("a")\n',
  'a table in a number': `T = 0x${'1f'.repeat(400)}\n`,
  'a table in a name': `def ${'step'.repeat(200)}(): pass\n`,
  'a table in a string': `T = "${'1f'.repeat(400)}"\n`,
  'code behind a comment that ends early': 'x = 1 # a comment\rexec(source)\n',
  'a comment in another encoding': '# coding: utf-7\n# +AAo-x = 1\n',
  'a comment of escapes': '#!python\n# -*- coding: unicode_escape -*-\n# \\nx = 1\n',
  'quotes in a field': "x = f'{'#'}'\n",
  'a character that Python does not know': 'x = 1\u00a0\n',
};

for (const [name, after] of Object.entries(NO_SIMPLER))
  test(`${name} is no simplification`, () => {
    const count = added(`x = 1\n${LONG}`, after);
    assert.ok(count === null || count >= 0, String(count));
  });

test('honest simplifications are shorter', () => {
  const before = `import math, os\nfrom a.b import c, d as e\n${LONG}`;
  for (const after of [
    'import math, os\nfrom a.b import c, d\ndef step(x):\n  return f(x * 2, x * 2 + 3)\n',
    'import math\nfrom a.b import c\n\n',
    `import math as m\n${LONG}`,
    'from a.b import (d, c)\ndef step(x: int) -> int:\n  return f"{x!r:>{w}}"\n',
    'import math\nfrom a.b import c\ndef step(x):\n  """Twice, and three more."""\n  return f(x)\n',
    `import math, os\nfrom a.b import c, d as e\n${LONG.replace('  z = y + 3\n', '').replace('z)', 'y + 3)').replace('f(y, ', 'g(')}`,
  ])
    assert.ok((added(before, after) ?? 0) < 0, after);
  assert.equal(added(before, `import math, os\nfrom a.b import c\n# Twice, and three more.\n${LONG}`), null);
  // What was there before is no more indirect than it was.
  assert.equal(added('model.eval()\nx = getattr(a, b)\ny = 1', 'model.eval()\nx = getattr(a, b)'), -3);
});

test('in the trainer every block that goes makes it shorter, and a constant of another value does not', () => {
  const text = readFileSync(new URL('../../../trainer/train.py', import.meta.url), 'utf8');
  assert.equal(added(text, text.replace('= 0.', '= 1.')), 0);
  const blocks = text.split(/\n{2,}(?=\S)/);
  let shorter = 0;
  for (const block of blocks) {
    const count = added(text, text.replace(block, ''));
    // Half of a documentation is no Python.
    assert.ok(count === null ? block.includes('"""') : count <= 0, block);
    if (count !== null && count < 0) shorter++;
  }
  assert.ok(shorter > 15, `${shorter} of ${blocks.length}`);
});
