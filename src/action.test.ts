import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { measurementSchema } from './protocol/measurement.ts';
import { makeCandidate, makeRepository, temporaryDirectory } from './trial/fixture.test-helper.ts';

const bundle = new URL('../dist/action.js', import.meta.url).pathname;
const script = new URL('../scripts/bundle.mjs', import.meta.url).pathname;

/** Runs the bundled action like a runner, in a workspace with the checkouts `base` and `candidate`. */
function act(
  context: TestContext,
  train: string,
  inputs: Record<string, string> = {},
  more: NodeJS.ProcessEnv = {},
) {
  const workspace = join(temporaryDirectory(context), 'workspace');
  const temp = join(workspace, '..', 'temp');
  mkdirSync(workspace);
  mkdirSync(temp);
  const base = makeRepository(join(workspace, 'base'), {
    '.github/research.yml': 'metric: {name: val_bpb, goal: minimize}\n',
    'trainer/train.py': 'echo "val_bpb: 1"\n',
  });
  const candidate = makeCandidate(base.dir, join(workspace, 'candidate'), { 'trainer/train.py': train });
  const given: Record<string, string> = {
    trial: '7/12.1',
    base: 'base',
    candidate: 'candidate',
    'base-sha': base.sha,
    'candidate-sha': candidate.sha,
    seed: '42',
    budget: '5',
    timeout: '20',
    command: 'sh trainer/train.py',
    ...inputs,
  };
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    GITHUB_WORKSPACE: workspace,
    GITHUB_OUTPUT: join(temp, 'output'),
    GITHUB_STEP_SUMMARY: join(temp, 'summary'),
    RUNNER_TEMP: temp,
    GITHUB_TOKEN: 'job-token',
    ...more,
  };
  for (const [name, value] of Object.entries(given)) env[`INPUT_${name.toUpperCase()}`] = value;
  const { status, stdout } = spawnSync(process.execPath, [bundle], { env, cwd: workspace, encoding: 'utf8' });
  const file = join(workspace, 'measurement', 'measurement.json');
  return {
    status,
    stdout,
    workspace,
    temp,
    measurement: existsSync(file) ? measurementSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : null,
    text: (name: string) => readFileSync(join(temp, name), 'utf8'),
  };
}

test('the committed bundle matches the sources', () => {
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(readFileSync(bundle, 'utf8'), /(?:^|[\s"'`])\/(?:home|Users|root|work)\//m);
});

test('a measured candidate leaves its measurement, an output and a summary', context => {
  const run = act(context, 'echo "val_bpb: 0.5"\n');
  assert.equal(run.status, 0, run.stdout);
  assert.deepEqual(run.measurement?.outcome, { status: 'measured', value: 0.5 });
  assert.equal(run.text('output'), `path=${join(run.workspace, 'measurement', 'measurement.json')}\n`);
  assert.match(run.text('summary'), /^## Measured 0\.5/);
  assert.deepEqual(
    readdirSync(run.temp).filter(name => name.startsWith('trial-')),
    [],
  );
});

test("a candidate's output is printed between guards that it cannot guess", context => {
  const run = act(context, 'echo "::error::not mine"; env; echo "val_bpb: 1"\n');
  const lines = run.stdout.split('\n');
  const guard = /^::stop-commands::(.{30,})$/.exec(lines[0] ?? '')?.[1];
  assert.ok(guard);
  const end = lines.indexOf(`::${guard}::`);
  const forged = lines.indexOf('::error::not mine');
  assert.ok(0 < forged && forged < end);
  assert.equal(lines.filter(line => line.includes(guard)).length, 2);
  assert.doesNotMatch(run.stdout, /job-token/);
});

test("a candidate's crash is a result: the job succeeds", context => {
  const run = act(context, 'exit 3\n');
  assert.equal(run.status, 0);
  assert.equal(run.measurement?.outcome.status, 'crash');
});

test('a machine error fails the job, but leaves a measurement', context => {
  const run = act(context, '', { command: 'no-such-program' });
  assert.equal(run.status, 1);
  assert.equal(run.measurement?.outcome.status, 'fault');
  assert.match(run.stdout, /::error title=Machine error::.*no-such-program/);
});

test('without bubblewrap the action only continues if the machine allows it', context => {
  const bin = temporaryDirectory(context);
  for (const name of ['git', 'sh', 'choom']) symlinkSync(`/usr/bin/${name}`, join(bin, name));
  const refused = act(context, 'echo "val_bpb: 0.5"\n', {}, { PATH: bin });
  assert.equal(refused.status, 1);
  assert.match(refused.stdout, /::error title=Machine error::.*apt install bubblewrap/);
  const continued = act(
    context,
    'echo "val_bpb: 0.5"\n',
    {},
    { PATH: bin, AUTORESEARCH_SANDBOX: 'optional' },
  );
  assert.equal(continued.status, 0, continued.stdout);
  assert.equal(continued.measurement?.sandbox, 'none');
  assert.match(continued.text('summary'), /\| sandbox +\| none/);
});

test('every invalid input is named', context => {
  const run = act(context, '', { trial: 'seven', 'base-sha': 'main', budget: '' });
  assert.equal(run.status, 1);
  assert.equal(run.measurement, null);
  for (const name of ['trial', 'base-sha', 'budget'])
    assert.match(run.stdout, new RegExp(`${name}: .*found`));
});
