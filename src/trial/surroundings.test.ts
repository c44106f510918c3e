/** What a program of any repository finds around it: a place to write, its launchers, its packages, its caches. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Measurement } from '../protocol/measurement.ts';
import { commitFiles, gitIn, makeRepository, temporaryDirectory } from './fixture.test-helper.ts';
import type { TrialOptions } from './options.ts';
import { runTrial } from './run.ts';

/** Runs `command` once in a repository with these files. */
async function measured(
  context: TestContext,
  files: Record<string, string>,
  command: string,
  change: Partial<TrialOptions> = {},
  prepare: (base: string) => unknown = () => null,
): Promise<{ measurement: Measurement; lines: string[]; base: string; text: string }> {
  const root = temporaryDirectory(context);
  const [first = ''] = Object.keys(files);
  const base = makeRepository(join(root, 'base'), {
    '.github/research.yml': `editable: [${first}]\nmetric: {name: val_loss, goal: minimize}\n`,
    '.gitignore': 'node_modules\n.venv\n',
    ...files,
  });
  prepare(base.dir);
  const sha = gitIn(base.dir, 'rev-parse', 'HEAD');
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  const lines: string[] = [];
  const measurement = await runTrial({
    trial: '7/12.1',
    base: base.dir,
    baseSha: sha,
    candidate: base.dir,
    candidateSha: sha,
    seed: 1,
    budgetSeconds: 5,
    timeoutSeconds: 60,
    command,
    scratch,
    environment: process.env,
    onLine: line => lines.push(line),
    ...change,
  });
  return { measurement, lines, base: base.dir, text: lines.join('\n') };
}

function expectNumber({ measurement, text }: { measurement: Measurement; text: string }): void {
  assert.equal(measurement.outcome.status, 'measured', `${JSON.stringify(measurement.outcome)}\n${text}`);
}

/** A virtual environment without packages. */
function makeEnvironment(folder: string): string {
  execFileSync('python3', ['-m', 'venv', '--without-pip', folder]);
  return folder;
}

function program(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

test('a program writes beside its code, and what it writes goes with the trial', async context => {
  const found = await measured(
    context,
    {
      'train.py': `
import logging, os, shutil, sqlite3, tempfile
os.makedirs("out/deep", exist_ok=True)
open("out/deep/ckpt.pt", "w").write("x")
logging.basicConfig(filename="train.log", level=logging.INFO)
logging.info("started")
sqlite3.connect("runs.db").execute("create table runs(x)")
# Beside files that were committed, in a folder that was committed.
open("data/train.bin", "wb").write(b"x" * 1000)
open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data/cache/meta.pkl"), "w").write("x")
shutil.copy("data/prepare.py", "copy.py")
import helper
assert os.path.isdir("__pycache__"), os.listdir(".")
print("val_loss: 1.0")
`,
      'helper.py': 'VALUE = 1\n',
      'data/prepare.py': 'print("prepare")\n',
      'data/cache/.gitkeep': '',
    },
    'python3 train.py 2>&1 | tee run.log',
  );
  expectNumber(found);
  assert.deepEqual(readdirSync(found.base).sort(), [
    '.git',
    '.github',
    '.gitignore',
    'data',
    'helper.py',
    'train.py',
  ]);
});

test('what was committed stays as it is, whatever the candidate does', async context => {
  const found = await measured(
    context,
    {
      'train.py': `
import os, shutil
def attempt(name, action):
    try: action()
    except OSError as error: print("denied", name, type(error).__name__)
    else: print("CHANGED", name)
def overwrite(path):
    with open(path, "w") as file: file.write("print('val_loss: 0')")
open("mine.py", "w").write("print('val_loss: 0')")
os.makedirs("other")
for path in ("score.py", "tools/score.py", "alias.py"):
    attempt("overwrite " + path, lambda: overwrite(path))
    attempt("replace " + path, lambda: os.replace("mine.py", path))
    attempt("remove " + path, lambda: os.remove(path))
    attempt("move " + path, lambda: os.rename(path, "away.py"))
attempt("move tools", lambda: os.rename("tools", "away"))
attempt("replace tools", lambda: os.rename("other", "tools"))
attempt("remove tools", lambda: shutil.rmtree("tools"))
`,
      'score.py': 'import tools.score, alias\nprint("val_loss: 7")\n',
      'tools/score.py': 'SCORE = 7\n',
    },
    'python3 train.py && python3 score.py',
    {},
    base => {
      symlinkSync('tools/score.py', join(base, 'alias.py'));
      commitFiles(base, {});
    },
  );
  assert.doesNotMatch(found.text, /CHANGED/);
  assert.deepEqual(found.measurement.outcome, { status: 'measured', value: 7 });
  assert.equal(found.text.match(/denied/g)?.length, 15);
});

test('what is written beside the code is limited, all folders together', async context => {
  const found = await measured(
    context,
    {
      'train.py': `
import time
for name in ("a", "b/b", "c/c"):
    with open(name, "wb") as file: file.write(b"x" * 12_000_000)
time.sleep(5)
print("val_loss: 1")
`,
      'b/keep': '',
      'c/keep': '',
    },
    'python3 train.py',
    { limits: { scratchBytes: 20_000_000 } },
  );
  const { outcome } = found.measurement;
  assert.equal(outcome.status, 'crash', found.text);
  assert.match(outcome.status === 'crash' ? outcome.message : '', /wrote more than 19 MB/);
});

const WHO = {
  'train.py': 'import sys\nprint(sys.prefix)\nprint("val_loss: 1")\n',
  'run.sh': 'python3 train.py\n',
};

for (const command of [
  'python3 train.py',
  '.venv/bin/python train.py',
  'bash run.sh',
  'sh -c "python train.py"',
  'env A=1 python3 train.py',
  'taskset -c 0 python3 train.py',
  'timeout 60 python3 train.py',
]) {
  test(`the checkout's environment is used by ${command}`, async context => {
    let prefix = '';
    const found = await measured(context, WHO, command, {}, base => {
      prefix = makeEnvironment(join(base, '.venv'));
    });
    expectNumber(found);
    assert.match(found.lines[0] ?? '', new RegExp(`^(${prefix}|/trial/.venv)$`));
    assert.match(found.measurement.machine, /, python \d+\.\d+\.\d+/);
  });
}

test('a launcher in the environment is started with the environment', async context => {
  const found = await measured(context, WHO, 'launch train.py', {}, base => {
    const prefix = makeEnvironment(join(base, '.venv'));
    program(
      join(prefix, 'bin/launch'),
      `#!${prefix}/bin/python3\nimport runpy, sys\nrunpy.run_path(sys.argv[1])\n`,
    );
  });
  expectNumber(found);
  assert.match(found.text, /base\/\.venv/);
});

test('a program of Node runs on the Node of the machine, with the packages of the checkout', async context => {
  const tools = temporaryDirectory(context);
  program(join(tools, 'node'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  const found = await measured(
    context,
    {
      'bench.mjs': `import { value } from 'fast';\nprocess.stdout.write('val_loss: ' + value + '\\n');\n`,
      'package.json': '{"scripts": {"bench": "fast-bench"}}\n',
    },
    'sh -c "fast-bench && node bench.mjs"',
    { environment: { ...process.env, PATH: `${tools}:/usr/bin:/bin` } },
    base => {
      const folder = join(base, 'node_modules/fast');
      program(
        join(folder, 'index.js'),
        '#!/usr/bin/env node\nexport const value = 3;\nconsole.log(process.execPath);\n',
      );
      writeFileSync(join(folder, 'package.json'), '{"name": "fast", "type": "module", "main": "index.js"}');
      mkdirSync(join(base, 'node_modules/.bin'));
      symlinkSync('../fast/index.js', join(base, 'node_modules/.bin/fast-bench'));
    },
  );
  expectNumber(found);
  assert.equal(found.lines[0], process.execPath);
  assert.match(found.measurement.machine, new RegExp(`node ${process.versions.node}`));
});

const CACHE_PROGRAM = `
import os
folder = os.environ["HF_HOME"]
print(open(os.path.join(folder, "hub/model/weights")).read())
open(os.path.join(folder, "hub/model/weights.lock"), "w").write("mine")
open(os.path.join(os.environ["TIKTOKEN_CACHE_DIR"], "new"), "w").write("mine")
for name in ("token", "stored_tokens"):
    try: print("TOKEN", repr(open(os.path.join(folder, name)).read()))
    except OSError: pass
print("names", sorted(name for name in os.environ if name.startswith(("HF_", "MY_", "WANDB"))))
print("val_loss: 1")
`;

for (const listed of [[], ['~/caches/hf', '~/caches/tiktoken']]) {
  test(`caches are there with a layer to write to${listed.length > 0 ? ', where the workflow lists them' : ''}`, async context => {
    const home = temporaryDirectory(context);
    const hf = join(home, 'caches/hf');
    const tiktoken = join(home, 'caches/tiktoken');
    mkdirSync(join(hf, 'hub/model'), { recursive: true });
    mkdirSync(tiktoken);
    writeFileSync(join(hf, 'hub/model/weights'), 'the weights');
    writeFileSync(join(hf, 'token'), 'hf_secret');
    writeFileSync(join(hf, 'stored_tokens'), 'hf_secret');
    chmodSync(home, 0o755);
    const found = await measured(
      context,
      {
        'train.py': CACHE_PROGRAM,
        '.github/research.yml':
          'editable: [train.py]\nmetric: {name: val_loss, goal: minimize}\nenv: [MY_SETTING]\n',
      },
      'python3 train.py',
      {
        environment: {
          ...process.env,
          HOME: home,
          HF_HOME: hf,
          HF_TOKEN: 'hf_secret',
          HF_HUB_OFFLINE: '1',
          TIKTOKEN_CACHE_DIR: tiktoken,
          MY_SETTING: 'yes',
          MY_OTHER: 'no',
          WANDB_API_KEY: 'secret',
        },
        readable: listed,
      },
    );
    expectNumber(found);
    assert.match(found.text, /^the weights$/m);
    assert.doesNotMatch(found.text, /secret/);
    assert.match(found.text, /^names \['HF_HOME', 'HF_HUB_OFFLINE', 'MY_SETTING'\]$/m);
    assert.ok(!existsSync(join(hf, 'hub/model/weights.lock')));
    assert.deepEqual(readdirSync(tiktoken), []);
  });
}

test('the crash of a program of Node is told by its error', async context => {
  const found = await measured(
    context,
    { 'bench.mjs': "import './missing.mjs';\n", 'package.json': '{}\n' },
    'node bench.mjs',
  );
  const { outcome } = found.measurement;
  assert.match(
    outcome.status === 'crash' ? outcome.message : '',
    /^Error \[ERR_MODULE_NOT_FOUND\]: Cannot find module/,
    found.text,
  );
});

test('a trial does not start while another process holds the GPU', async context => {
  const tools = temporaryDirectory(context);
  program(
    join(tools, 'nvidia-smi'),
    '#!/bin/sh\ncase "$1" in --query-gpu=*) echo "0, GPU-a, NVIDIA H100, 580, 81559, 80900, 0" ;; *) echo "GPU-a, 4242, 80800" ;; esac\n',
  );
  const found = await measured(context, { 'train.py': 'print("val_loss: 1")\n' }, 'python3 train.py', {
    environment: { ...process.env, PATH: `${tools}:${process.env.PATH}` },
  });
  const { outcome } = found.measurement;
  assert.equal(outcome.status, 'fault');
  assert.match('message' in outcome ? outcome.message : '', /GPU 0 \(NVIDIA H100\) is in use: process 4242/);
  assert.equal(found.text, '', 'nothing ran');
});
