import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { measurementSchema } from '../../protocol/measurement.ts';
import { gitIn, untilNoneRuns } from '../../trial/fixture.test-helper.ts';
import { scene } from './scene.test-helper.ts';

const repositoryRoot = new URL('../../../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');

/** The files that `experiment.yml` needs, with a shell script as trainer. */
const OWN_FILES = {
  'action.yml': read('action.yml').replace('python3 trainer/train.py', 'sh trainer/train.py'),
  'dist/action.js': read('dist/action.js'),
  'dist/watch-worker.js': read('dist/watch-worker.js'),
  'package.json': '{"type": "module"}\n',
  '.github/research.yml': 'metric: {name: val_bpb, goal: minimize}\n',
  'trainer/train.py': 'echo "val_bpb: 1.25"\n',
  'trainer/prepare_once.sh': 'echo "prepared for $HOME"\n',
};

test("this repository's experiment.yml measures a candidate end to end", async context => {
  const s = scene(context, OWN_FILES);
  const base = gitIn(s.source, 'rev-parse', 'HEAD');
  const candidate = s.push({
    'trainer/train.py': 'echo "step 1  loss 2.0  0.5 s left"; env; echo "val_bpb: 1.2"\n',
  });
  const result = await s.run(read('.github/workflows/experiment.yml'), {
    inputs: { trial: '7/12.1', base, candidate, seed: '42', budget: '5', timeout: '30' },
  });
  assert.equal(result.conclusion, 'success', result.log);
  assert.match(result.log, /prepared for .*[\s\S]*stop-commands/, 'the text is prepared before the trial');
  const file = result.artifacts.get('measurement')?.get('measurement.json');
  const measurement = measurementSchema.parse(JSON.parse(Buffer.from(file ?? []).toString()));
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 1.2 });
  assert.equal(measurement.candidate, candidate);
  assert.deepEqual(
    result.steps.map(step => `${step.name}: ${step.conclusion}`),
    [
      'Set up job: success',
      'Check out the base: success',
      'Check out the candidate: success',
      'Prepare the training text, if the runner does not have it yet: success',
      'Measure: success',
      'Upload the measurement: success',
    ],
  );
  assert.match(result.log, /^step 1 {2}loss 2\.0/m);
  assert.doesNotMatch(result.log, /job-token/);
  assert.deepEqual(result.leftovers, []);
});

test('cancelling experiment.yml ends the candidate, although it has its own process group', async context => {
  const s = scene(context, OWN_FILES);
  const base = gitIn(s.source, 'rev-parse', 'HEAD');
  const candidate = s.push({ 'trainer/train.py': 'echo "training"; sleep 60 & sleep 60\n' });
  const cancel = new AbortController();
  const result = await s.run(read('.github/workflows/experiment.yml'), {
    inputs: { trial: '7/12.1', base, candidate, seed: '42', budget: '5', timeout: '30' },
    cancel: cancel.signal,
    onLine: line => line === 'training' && cancel.abort(),
  });
  assert.equal(result.conclusion, 'cancelled', result.log);
  assert.equal(result.artifacts.size, 0);
  await untilNoneRuns(s.root);
});
