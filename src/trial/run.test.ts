import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Measurement, measurementSchema } from '../protocol/measurement.ts';
import {
  commitFiles,
  gitIn,
  makeCandidate,
  makeRepository,
  othersTake,
  temporaryDirectory,
  untilNoneRuns,
} from './fixture.test-helper.ts';
import { watchLoad } from './load.ts';
import type { TrialOptions } from './options.ts';
import { runTrial } from './run.ts';

const BASE_FILES = {
  '.github/research.yml': 'metric: {name: val_bpb, goal: minimize}\n',
  'trainer/train.py': 'echo "val_bpb: 1.5"\n',
  'trainer/prepare.py': 'echo fixed\n',
  'trainer/program.md': 'Make it better.\n',
  'README.md': 'A trainer.\n',
};

interface Scene {
  root: string;
  options: TrialOptions;
  lines: string[];
  run(change?: Partial<TrialOptions>): Promise<Measurement>;
}

/** A base and a candidate with these changed files, trained with `sh trainer/train.py`. */
function scene(
  context: TestContext,
  files: Record<string, string | null>,
  baseFiles: Record<string, string> = {},
): Scene {
  const root = temporaryDirectory(context);
  const base = makeRepository(join(root, 'base'), { ...BASE_FILES, ...baseFiles });
  const candidate = makeCandidate(base.dir, join(root, 'candidate'), files);
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  const lines: string[] = [];
  const options: TrialOptions = {
    trial: '7/12.1',
    base: base.dir,
    baseSha: base.sha,
    candidate: candidate.dir,
    candidateSha: candidate.sha,
    seed: 42,
    budgetSeconds: 5,
    timeoutSeconds: 30,
    command: 'sh trainer/train.py',
    scratch,
    environment: process.env,
    watchLoad: othersTake(0),
    onLine: line => lines.push(line),
  };
  return {
    root,
    options,
    lines,
    async run(change = {}) {
      rmSync(scratch, { recursive: true });
      mkdirSync(scratch);
      return measurementSchema.parse(await runTrial({ ...options, ...change }));
    },
  };
}

const NO_SANDBOX = {
  '.github/research.yml': `${BASE_FILES['.github/research.yml']}sandbox: none\n`,
};

const train = (script: string) => ({ 'trainer/train.py': script });

function crashOf({ outcome }: Measurement) {
  assert.equal(outcome.status, 'crash', JSON.stringify(outcome));
  return outcome.status === 'crash' ? outcome : assert.fail();
}

test('a candidate that prints the summary block is measured', async context => {
  const summary = [
    'val_bpb: 9.9',
    'step 1  loss 3.1  2.0 s left',
    '---',
    'val_bpb:          0.997900',
    'training_seconds: 4.9',
    'peak_vram_mb:     45060.2',
    'num_steps:        953',
  ];
  const s = scene(context, train(`cat <<'END'\n${summary.join('\n')}\nEND\n`));
  const measurement = await s.run();
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 0.9979 });
  assert.equal(measurement.trainingSeconds, 4.9);
  assert.equal(measurement.peakMemoryMb, 45060.2);
  assert.deepEqual(measurement.reported, { num_steps: 953 });
  assert.equal(measurement.sandbox, 'bubblewrap');
  assert.equal(measurement.tree, gitIn(s.options.candidate, 'rev-parse', 'HEAD^{tree}'));
  assert.match(measurement.digest, /^[0-9a-f]{16}$/);
  assert.notEqual(measurement.machine, '');
  assert.deepEqual(s.lines, summary);
});

test('seed and budget reach the candidate', async context => {
  const s = scene(context, train('echo "val_bpb: $AUTORESEARCH_SEED"; echo "budget $AUTORESEARCH_BUDGET"'));
  assert.deepEqual((await s.run()).outcome, { status: 'measured', value: 42 });
  assert.deepEqual(s.lines.slice(1), ['budget 5']);
});

test('a candidate that changes a file that is not editable is refused', async context => {
  for (const [path, text] of [
    ['trainer/prepare.py', 'echo val_bpb: 0\n'],
    ['trainer/extra.py', 'echo mine\n'],
    ['README.md', null],
  ] as const) {
    const s = scene(context, { ...train('echo "val_bpb: 0.5"'), [path]: text });
    assert.equal(crashOf(await s.run()).message, `${path} was changed but is not editable`);
    assert.deepEqual(s.lines, [], 'the candidate was not started');
  }
});

test('uncommitted changes in the checkouts are ignored', async context => {
  const s = scene(context, train('sh trainer/prepare.py; echo "val_bpb: 1"'));
  writeFileSync(join(s.options.base, 'trainer/prepare.py'), 'echo changed\n');
  writeFileSync(join(s.options.candidate, 'trainer/train.py'), 'echo "val_bpb: 2"\n');
  await s.run();
  assert.deepEqual(s.lines, ['fixed', 'val_bpb: 1']);
});

test('an editable file that the candidate deleted is missing', async context => {
  const s = scene(context, { 'trainer/train.py': null });
  assert.equal(crashOf(await s.run({ command: 'cat trainer/train.py' })).reason, 'exception');
});

test('a candidate that fails has crashed, and its exception is reported', async context => {
  const s = scene(
    context,
    train(
      'echo "val_bpb: 0.1"; echo "Traceback (most recent call last):" >&2; echo "  File $PWD/trainer/train.py" >&2; echo "ValueError: depth is 0" >&2; exit 1',
    ),
  );
  const crash = crashOf(await s.run());
  assert.equal(crash.reason, 'exception');
  assert.equal(crash.message, 'ValueError: depth is 0');
  assert.match(crash.traceback, /Traceback.*\n {2}File trainer\/train\.py\nValueError/);
});

test("a candidate's output is logged, and reported after a crash, without what acts on a screen", async context => {
  const hostile = String.raw`\033[1;31mValueError\033[0m: \000depth\342\200\256 is \033]0;owned\0070 \355\240\275`;
  const s = scene(context, train(`printf '${hostile}\\n' >&2; exit 1`));
  const measurement = await s.run();
  const crash = crashOf(measurement);
  assert.equal(crash.message, 'ValueError: depth is 0 \ufffd\ufffd\ufffd');
  assert.equal(crash.traceback, crash.message);
  assert.deepEqual(s.lines, [crash.message]);
});

test('a candidate that runs too long is killed with all its processes', async context => {
  const s = scene(context, train('sleep 60 & setsid sleep 60 & sleep 60'));
  const crash = crashOf(await s.run({ timeoutSeconds: 0.2 }));
  assert.equal(crash.reason, 'timeout');
  await untilNoneRuns(s.options.scratch);
});

test('a candidate that runs too long while other programs keep the machine busy is not to blame', async context => {
  const s = scene(context, train('sleep 60'));
  const { outcome } = await s.run({ timeoutSeconds: 0.2, watchLoad: othersTake(1.9) });
  const message =
    'the machine is busy: other programs used 1.9 of its 2 cores meanwhile (still running after 0.2 s)';
  assert.deepEqual(outcome, { status: 'fault', message });
});

test('a measurement tells what the command got of the machine', async context => {
  const s = scene(context, train('i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo "val_bpb: 1"'));
  const { conditions } = await s.run({ watchLoad });
  assert.ok(conditions !== null && conditions.cpuSeconds > 0.02, JSON.stringify(conditions));
  assert.ok(conditions.cpuSeconds <= conditions.seconds * conditions.cores);
  assert.ok(conditions.othersCores !== null && conditions.othersCores <= conditions.cores);
});

test('a candidate that leaves a process behind does not delay the measurement', async context => {
  const s = scene(context, train('sleep 60 & echo "val_bpb: 1"'));
  assert.deepEqual((await s.run()).outcome, { status: 'measured', value: 1 });
  await untilNoneRuns(s.options.scratch);
});

test('a contract can disable the sandbox, and the measurement says so', async context => {
  const s = scene(context, train('echo "val_bpb: 1"; echo "$HOME"'), NO_SANDBOX);
  const bare = await s.run();
  assert.equal(bare.sandbox, 'none');
  assert.deepEqual(bare.outcome, { status: 'measured', value: 1 });
  assert.ok(s.lines.includes(`${s.options.scratch}/home`));
});

test('without bubblewrap, the trial is a fault that says what to install', async context => {
  const s = scene(context, train('echo "val_bpb: 1"'));
  const bin = join(s.root, 'bin');
  mkdirSync(bin);
  for (const name of ['sh', 'cat', 'choom']) symlinkSync(`/usr/bin/${name}`, join(bin, name));
  const environment = { ...process.env, PATH: bin };
  const { outcome, sandbox } = await s.run({ environment });
  assert.equal(sandbox, 'none');
  assert.equal(outcome.status, 'fault');
  assert.match(outcome.status === 'fault' ? outcome.message : '', /apt install bubblewrap/);

  const goesOn = await s.run({ environment, sandboxOptional: true });
  assert.deepEqual(goesOn.outcome, { status: 'measured', value: 1 });
  assert.equal(goesOn.sandbox, 'none');
  assert.match(s.lines.join('\n'), /Continuing without a sandbox\..*apt install bubblewrap/);
});

test('a hidden process cannot delay the measurement by keeping its output open', async context => {
  const s = scene(context, train('env -i setsid sleep 5 & echo "val_bpb: 1"'), NO_SANDBOX);
  const measurement = await s.run();
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 1 });
  assert.ok(measurement.totalSeconds < 4.5, `took ${measurement.totalSeconds} s`);
});

for (const [what, script] of [
  [
    'torch reports it',
    'echo "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB" >&2; exit 1',
  ],
  ['Python reports it', 'echo "MemoryError" >&2; exit 1'],
  ['the system kills it', 'kill -9 $$'],
] as const) {
  test(`a candidate is out of memory when ${what}`, async context => {
    assert.equal(crashOf(await scene(context, train(script)).run()).reason, 'out of memory');
  });
}

test('a candidate without a metric line has crashed', async context => {
  assert.equal(crashOf(await scene(context, train('echo "loss: 1"')).run()).reason, 'no metric');
});

for (const text of ['nan', 'inf', '-inf']) {
  test(`a metric of ${text} is a crash`, async context => {
    assert.equal(
      crashOf(await scene(context, train(`echo "val_bpb: ${text}"`)).run()).reason,
      'not a number',
    );
  });
}

test('a link instead of an editable file is refused', async context => {
  const s = scene(context, {});
  writeFileSync(join(s.root, 'elsewhere'), 'echo "val_bpb: 0"\n');
  rmSync(join(s.options.candidate, 'trainer/train.py'));
  symlinkSync(join(s.root, 'elsewhere'), join(s.options.candidate, 'trainer/train.py'));
  const crash = crashOf(await s.run({ candidateSha: commitFiles(s.options.candidate, {}) }));
  assert.equal(crash.reason, 'exception');
  assert.equal(crash.message, 'trainer/train.py: expected a regular file, found a symbolic link');
  assert.deepEqual(s.lines, []);
});

test("the candidate sees the machine's variables, but none of the job's", async context => {
  const s = scene(context, train('env; echo "val_bpb: 1"'));
  const environment = {
    PATH: process.env.PATH,
    HOME: '/home/runner',
    GITHUB_TOKEN: 'secret-1',
    ACTIONS_RUNTIME_TOKEN: 'secret-2',
    INPUT_TRIAL: 'secret-3',
    OPENAI_API_KEY: 'secret-4',
    CUDA_VISIBLE_DEVICES: '1',
  };
  await s.run({ environment });
  const output = s.lines.join('\n');
  assert.doesNotMatch(output, /secret/);
  assert.match(output, /^CUDA_VISIBLE_DEVICES=1$/m);
  assert.match(output, /^HOME=\/tmp\/home$/m);
  assert.match(output, /^AUTORESEARCH_DATA=\/home\/runner\/\.cache\/autoresearch\/data$/m);
});

test('only the champion can say that the machine is at fault', async context => {
  const says = train('echo "machine fault: no prepared data" >&2; exit 78');
  const s = scene(context, says, says);
  const champion = { candidate: s.options.base, candidateSha: s.options.baseSha };
  assert.deepEqual((await s.run(champion)).outcome, { status: 'fault', message: 'no prepared data' });
  const { message } = crashOf(await s.run());
  assert.equal(message, 'exit code 78: machine fault: no prepared data');
});

test('an idea cannot say either that a program of the command is missing', async context => {
  const command = 'A=1 sh trainer/train.py';
  for (const said of [
    'sh: 1: sh: not found',
    'sh: 1: nvcc: not found',
    'sh: line 1: nvcc: command not found',
  ]) {
    const says = train(`echo "${said}"; exit 127`);
    const s = scene(context, says, says);
    assert.ok(
      crashOf(await s.run({ command })).message.startsWith(`exit code 127: ${said}. A trial installs`),
    );
    const champion = { candidate: s.options.base, candidateSha: s.options.baseSha };
    assert.equal((await s.run({ ...champion, command })).outcome.status, 'fault');
  }
});

test('a program of the repository that an idea made unfit to be started is the crash of that idea', async context => {
  const start = '#!/bin/sh\necho "val_bpb: 1"\n';
  const contract = `editable: [start.sh]\n${BASE_FILES['.github/research.yml']}`;
  const command = './start.sh';
  for (const sandbox of ['bubblewrap', 'none']) {
    const s = scene(
      context,
      { 'start.sh': start },
      { '.github/research.yml': `${contract}sandbox: ${sandbox}\n`, 'start.sh': '' },
    );
    const candidateSha = async () => commitFiles(s.options.candidate, {});
    const start644 = crashOf(await s.run({ command }));
    assert.match(
      start644.message,
      /^start\.sh, which the command starts, is not executable \(git update-index/,
    );
    chmodSync(join(s.options.candidate, 'start.sh'), 0o755);
    const { outcome } = await s.run({ command, candidateSha: await candidateSha() });
    assert.deepEqual(outcome, { status: 'measured', value: 1 });
    rmSync(join(s.options.candidate, 'start.sh'));
    const deleted = crashOf(await s.run({ command, candidateSha: await candidateSha() }));
    assert.match(deleted.message, /^start\.sh, which the command starts, does not exist/);
  }
});

test('a missing readable path is a fault that names it', async context => {
  const s = scene(context, train('echo "val_bpb: 1"'));
  for (const path of ['../elsewhere', '~/nowhere', '/no/such/folder']) {
    const { outcome } = await s.run({ readable: [path] });
    assert.equal(outcome.status, 'fault');
    assert.ok(outcome.status === 'fault' && outcome.message.includes(`found ${path}.`));
  }
});

test('a missing interpreter is a fault of the machine', async context => {
  const s = scene(context, {});
  for (const command of ['no-such-python trainer/train.py', 'A=1 no-such-python trainer/train.py']) {
    assert.equal((await s.run({ command })).outcome.status, 'fault', command);
  }
});

test('a checkout at the wrong commit is a fault', async context => {
  const s = scene(context, train('echo "val_bpb: 1"'));
  const { outcome } = await s.run({ candidateSha: s.options.baseSha });
  assert.equal(outcome.status, 'fault');
  assert.match(
    outcome.status === 'fault' ? outcome.message : '',
    /Expected the candidate's checkout .* at .*, found/,
  );
});

test('a cancelled trial ends with the reason', async context => {
  const s = scene(context, train('echo started; sleep 60'));
  const stop = new AbortController();
  const running = s.run({ signal: stop.signal, onLine: () => stop.abort(new Error('cancelled')) });
  await assert.rejects(running, /cancelled/);
  await untilNoneRuns(s.options.scratch);
});

test('the digest changes with what determines the meaning of a score, and with nothing else', async context => {
  const s = scene(context, train('echo "val_bpb: 1"'));
  const { digest } = await s.run();
  /** The digest of a base with these changed files that is its own candidate. */
  const withBase = async (files: Record<string, string>, change: Partial<TrialOptions> = {}) => {
    const sha = commitFiles(s.options.base, files);
    return (await s.run({ baseSha: sha, candidate: s.options.base, candidateSha: sha, ...change })).digest;
  };
  assert.equal((await s.run({ seed: 1 })).digest, digest);
  assert.equal(await withBase({ 'README.md': 'Other words.\n' }), digest);
  assert.equal(await withBase({ 'trainer/train.py': 'echo "val_bpb: 3"\n' }), digest);
  assert.equal(await withBase({ 'trainer/program.md': 'Try the optimiser.\n' }), digest);
  assert.notEqual(await withBase({}, { budgetSeconds: 6 }), digest);
  const prepared = await withBase({ 'trainer/prepare.py': 'echo other\n' });
  assert.notEqual(prepared, digest);
  const data = join(s.root, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'manifest.json'), '{}');
  assert.notEqual(await withBase({}, { environment: { ...process.env, AUTORESEARCH_DATA: data } }), prepared);
});
