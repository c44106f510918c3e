import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Measurement, measurementSchema } from '../protocol/measurement.ts';
import { PREVIEW_AT } from '../protocol/stop-bar.ts';
import {
  type Checkout,
  makeCandidate,
  makeRepository,
  othersTake,
  temporaryDirectory,
  untilNoneRuns,
} from './fixture.test-helper.ts';
import type { TrialOptions } from './options.ts';
import { runTrial } from './run.ts';

/** A referee with the interface of the real one: starts the candidate with the arguments in `--wrap`, and writes what it is told to. */
const REFEREE = `
import json, subprocess, sys
split = sys.argv.index("--")
options = dict(word[2:].split("=", 1) for word in sys.argv[1:split] if "=" in word)
out = sys.argv[sys.argv.index("--out") + 1]
said = subprocess.run([*json.loads(options["wrap"]), *sys.argv[split + 1 :]], capture_output=True, text=True)
print(said.stdout + said.stderr)
options.pop("wrap")
print("options", json.dumps(options), "audit" if "--audit" in sys.argv else "")
if "nothing" in said.stdout:
    sys.exit(3)
result = {"outcome": {"status": "measured", "value": 1.25}, "preview": 2.5, "val_bpb": 1.5, "test_bpb": 1.75, "training_seconds": 5.1,
    "startup_seconds": 2.0, "scoring_seconds": 3.0, "audit_seconds": 4.0, "peak_memory_mb": 0.0, "stats": {"steps": 7, "mfu": None},
    "audited": {"val_bpb": 1.25, "n": 9, "sd": 0.5, "largest": None, "smallest_lie": 0.1, "flags": ["off"]}}
if "crashing" in said.stdout:
    result |= {"outcome": {"status": "crash", "reason": "timeout", "message": "late", "traceback": "/trial/trainer/train.py"}}
    result |= {"val_bpb": None, "audited": None, "test_bpb": None}
if "diverged" in said.stdout:
    result |= {"outcome": {"status": "measured", "value": None}, "val_bpb": None, "audited": None}
if "hopeless" in said.stdout:
    result |= {"outcome": {"status": "stopped", "value": 3.5, "at": 0.52}, "preview": 3.5}
    result |= {"val_bpb": None, "audited": None, "test_bpb": None}
if "absurd" in said.stdout:
    result |= {"preview": 9e299, "test_bpb": -1e30, "peak_memory_mb": 1e20, "stats": {"steps": 7, "flops": 1e300}}
    result["audited"] |= {"sd": 1e200, "largest": 1e200, "smallest_lie": 1e200}
if "beyond" in said.stdout:
    result |= {"outcome": {"status": "measured", "value": 1e38}, "val_bpb": 1e38}
if "seen" in said.stdout:
    result |= {"seen": {"peak_vram_mb": 41000.5, "peak_memory_mb": None, "weights_mb": 12.0}}
    result["stats"] |= {"peak_vram_mb": 1, "peak_memory_mb": 1, "weights_mb": 1, "scoring_seconds": 0.1}
if "nats" in options:
    open(options["nats"], "w").write("nats")
with open(out, "w") as file:
    json.dump(result, file)
`;

interface Scene {
  lines: string[];
  candidate: Checkout;
  data: string;
  scratch: string;
  run(change?: Partial<TrialOptions>): Promise<Measurement>;
}

function scene(context: TestContext, train: string, contract = '# A referee is the default.\n'): Scene {
  const root = temporaryDirectory(context);
  const data = join(root, 'machine/data');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'manifest.json'), '{}');
  const base = makeRepository(join(root, 'base'), {
    '.github/research.yml': contract,
    'trainer/train.py': 'print("champion")\n',
    'trainer/referee.py': REFEREE,
  });
  const candidate = makeCandidate(base.dir, join(root, 'candidate'), { 'trainer/train.py': train });
  const lines: string[] = [];
  let count = 0;
  let scratch = '';
  return {
    lines,
    candidate,
    data,
    get scratch() {
      return scratch;
    },
    async run(change = {}) {
      scratch = join(root, `scratch-${count++}`);
      mkdirSync(scratch);
      lines.length = 0;
      const measurement = await runTrial({
        trial: '7/12.1',
        base: base.dir,
        baseSha: base.sha,
        candidate: candidate.dir,
        candidateSha: candidate.sha,
        seed: 42,
        budgetSeconds: 5,
        timeoutSeconds: 125,
        command: 'python3 trainer/train.py',
        scratch,
        environment: { ...process.env, AUTORESEARCH_DATA: data },
        watchLoad: othersTake(0),
        onLine: line => lines.push(line),
        ...change,
      });
      return measurementSchema.parse(measurement);
    },
  };
}

test("the referee's score counts, not what the candidate prints", async context => {
  const s = scene(context, 'print("val_bpb: 0.1")\n');
  const measurement = await s.run();
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 1.25 });
  assert.deepEqual(measurement.refereed, {
    claimed: 1.5,
    audit: { n: 9, sd: 0.5, largest: null, smallestLie: 0.1, flags: ['off'] },
    testValue: 1.75,
    startupSeconds: 2,
    scoringSeconds: 3,
    auditSeconds: 4,
  });
  assert.equal(measurement.trainingSeconds, 5.1);
  assert.deepEqual(measurement.reported, { steps: 7 });
  assert.equal(measurement.sandbox, 'bubblewrap');
  assert.ok(s.lines.includes('val_bpb: 0.1'), 'the output is still shown');
});

test('no file in the sandbox contains the held-out text', async context => {
  const search = `
import os
found = looked = 0
for folder, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/usr") and name != "site-packages"]
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.path.getsize(path) < 65536:
            looked += 1
            found += b"held" + b"-out line" in open(path, "rb").read()
print("looked", looked > 5, "found", found)
`;
  const s = scene(context, search);
  writeFileSync(join(s.data, 'val.txt'), 'a held-out line');
  await s.run();
  assert.ok(s.lines.includes('looked True found 0'), s.lines.join('\n'));
});

test("the champion's times and threshold reach the referee; without a threshold every score is audited", async context => {
  const s = scene(context, '');
  await s.run();
  const told = () => s.lines.find(line => line.startsWith('options')) ?? '';
  assert.match(
    told(),
    /"seed": "42", "budget": "5", "startup": "60", "scoring": "60", "timeout": "125".* audit$/,
  );
  assert.doesNotMatch(told(), /threshold|champion/);
  await s.run({
    terms: { threshold: 2.5, championStartupSeconds: 20, championScoringSeconds: 9 },
  });
  assert.match(told(), /"scoring": "20".*"threshold": "2.5", "champion-startup": "20"/);
  assert.doesNotMatch(told(), / audit$/);
});

test('the referee takes a projection, and gets the stop bar only for the same conditions', async context => {
  const s = scene(context, '');
  const told = () => s.lines.find(line => line.startsWith('options')) ?? '';
  const { preview, digest, machine } = await s.run();
  assert.equal(preview, 2.5);
  assert.match(told(), new RegExp(`"preview-at": "${PREVIEW_AT}"`));
  assert.doesNotMatch(told(), /stop-above/);
  await s.run({ stop: { value: 2.75, digest, machine } });
  assert.match(told(), /"stop-above": "2.75"/);
  await s.run({ stop: { value: 2.75, digest, machine: 'another' } });
  assert.doesNotMatch(told(), /stop-above/);
});

test('a trial that the referee stopped early has a projection, but no score', async context => {
  const measurement = await scene(context, 'print("hopeless")\n').run();
  assert.deepEqual(measurement.outcome, { status: 'stopped', value: 3.5, at: 0.52 });
  assert.equal(measurement.preview, 3.5);
});

test("a tree's nats are kept next to the data, and found when it is the champion", async context => {
  const s = scene(context, '');
  const told = () => s.lines.find(line => line.startsWith('options')) ?? '';
  await s.run();
  const [kept = ''] = readdirSync(join(s.data, '../nats'));
  assert.doesNotMatch(told(), /champion-nats/, 'this machine has not measured the champion');
  await s.run({ base: s.candidate.dir, baseSha: s.candidate.sha });
  assert.ok(told().includes(`"champion-nats": "${join(s.data, '../nats', kept)}"`), told());
});

test('if the nats cannot be kept, the trial continues without them', async context => {
  const s = scene(context, '');
  writeFileSync(join(s.data, '../nats'), 'a file of another user');
  assert.equal((await s.run()).outcome.status, 'measured');
});

for (const [kind, outcome] of [
  ['crashing', { status: 'crash', reason: 'timeout', message: 'late', traceback: 'trainer/train.py' }],
  [
    'diverged',
    { status: 'crash', reason: 'not a number', message: 'val_bpb is not a number', traceback: '' },
  ],
] as const) {
  test(`a candidate that the referee reports as ${kind} has crashed`, async context => {
    const measurement = await scene(context, `print("${kind}")\n`).run();
    assert.deepEqual(measurement.outcome, outcome);
    assert.equal(measurement.refereed, null);
  });
}

test('numbers that cannot be a result are left out, whatever they are', async context => {
  const measurement = await scene(context, 'print("absurd")\n').run();
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 1.25 });
  assert.deepEqual([measurement.preview, measurement.refereed?.testValue], [null, null]);
  assert.deepEqual(measurement.refereed?.audit, {
    n: 9,
    sd: null,
    largest: null,
    smallestLie: null,
    flags: ['off'],
  });
  assert.deepEqual(measurement.reported, { steps: 7 });
  assert.equal(measurement.peakMemoryMb, 1e9);
  const beyond = await scene(context, 'print("beyond")\n').run();
  assert.equal(beyond.outcome.status === 'crash' && beyond.outcome.reason, 'not a number');
});

test('a referee without a result is a fault of the machine', async context => {
  const { outcome } = await scene(context, 'print("nothing")\n').run();
  assert.equal(outcome.status, 'fault');
  assert.match(
    outcome.status === 'fault' ? outcome.message : '',
    /^The referee failed with exit code 3: options/,
  );
});

test('a candidate that holds the referee up has used up its time', async context => {
  const s = scene(context, 'import time\ntime.sleep(600)\n');
  const began = Date.now();
  const { outcome } = await s.run({ timeoutSeconds: 2, budgetSeconds: 1 });
  assert.deepEqual([outcome.status, outcome.status === 'crash' && outcome.reason], ['crash', 'timeout']);
  assert.ok(Date.now() - began < 32_000);
});

test('unless other programs keep the machine busy', async context => {
  const s = scene(context, 'import time\ntime.sleep(600)\n');
  const { outcome } = await s.run({ timeoutSeconds: 2, budgetSeconds: 1, watchLoad: othersTake(1.9) });
  assert.equal(outcome.status, 'fault');
});

test('a command that a referee cannot start is refused', async context => {
  const { outcome } = await scene(context, '').run({ command: 'sh trainer/train.py' });
  assert.match(JSON.stringify(outcome), /the command must start with python3 and consist of plain words/);
});

test('cancelling a trial also ends the candidate, which has its own session', async context => {
  const s = scene(
    context,
    'import os, subprocess, time\nsubprocess.Popen(["setsid", "sleep", "60"])\ntime.sleep(60)\n',
  );
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error('cancelled')), 1500);
  await assert.rejects(s.run({ signal: stop.signal }), /cancelled/);
  clearTimeout(timer);
  await untilNoneRuns(s.scratch);
});

test('what the referee can measure is never the word of the candidate; the rest is', async context => {
  const names = ['peak_vram_mb', 'peak_memory_mb', 'weights_mb', 'scoring_seconds'];
  const guards = [...names.slice(0, 4), 'steps'].map(name => `{name: ${name}, at_most: 1.1x}`).join(', ');
  const s = scene(context, 'print("seen")\n', `guards: [${guards}]\n`);
  assert.deepEqual((await s.run()).numbers, {
    peak_vram_mb: 41000.5,
    // The referee could not tell: there is no peak_memory_mb.
    weights_mb: 12,
    scoring_seconds: 3,
    steps: 7,
  });
  const older = scene(context, '', `guards: [${guards}]\n`);
  assert.deepEqual((await older.run()).numbers, { scoring_seconds: 3, steps: 7 });
});
