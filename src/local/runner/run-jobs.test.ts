import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { measurementSchema } from '../../campaign/measurement.ts';
import {
  commitFiles,
  gitIn,
  makeRepository,
  temporaryDirectory,
  untilNoneRuns,
} from '../../trial/fixture.ts';
import type { Conclusion, Job, JobQueue, JobStep } from '../jobs.ts';
import { runJobs } from './run-jobs.ts';

const repositoryRoot = new URL('../../../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');

interface Result {
  conclusion: Conclusion;
  log: string;
  steps: readonly JobStep[];
  artifacts: Map<string, ReadonlyMap<string, Uint8Array>>;
  /** What is left in the runner's directory. */
  leftovers: string[];
}

interface Scene {
  root: string;
  /** Work tree from which `push` publishes commits. */
  source: string;
  push(files: Record<string, string | null>): string;
  run(
    workflow: string,
    options?: { inputs?: Record<string, string>; onLine?: (line: string) => void; cancel?: AbortSignal },
  ): Promise<Result>;
}

/** A server with one repository, `ada/model`, and a runner for it. */
function scene(context: TestContext, files: Record<string, string> = { 'README.md': 'A model.\n' }): Scene {
  const root = temporaryDirectory(context);
  const { dir: source, sha } = makeRepository(join(root, 'source'), files);
  const bare = join(root, 'server/ada/model.git');
  mkdirSync(join(root, 'server/ada'), { recursive: true });
  gitIn(root, 'clone', '--quiet', '--bare', source, bare);
  let headSha = sha;
  return {
    root,
    source,
    push(changes) {
      headSha = commitFiles(source, changes);
      gitIn(source, 'push', '--quiet', bare, 'HEAD:main');
      return headSha;
    },
    async run(workflowText, { inputs = {}, onLine, cancel } = {}) {
      const job: Job = {
        runId: 31,
        jobId: 41,
        name: 'trial',
        attempt: 1,
        repository: 'ada/model',
        workflowPath: '.github/workflows/experiment.yml',
        workflowText,
        title: '7/12.1',
        ref: 'refs/heads/main',
        headSha,
        event: 'workflow_dispatch',
        inputs,
        actor: 'autoresearch[bot]',
        serverUrl: `file://${join(root, 'server')}`,
        token: 'ghs_job-token',
      };
      const dir = join(root, 'runner');
      mkdirSync(dir, { recursive: true });
      const stop = new AbortController();
      const result = {
        log: '',
        steps: [] as readonly JobStep[],
        artifacts: new Map(),
        conclusion: 'failure' as Conclusion,
      };
      const waiting = [job];
      const queue: JobQueue = {
        async take() {
          const next = waiting.shift();
          if (next) return next;
          stop.abort();
          throw new Error('stopped');
        },
        log: (_, text) => {
          result.log += text;
        },
        steps: (_, steps) => {
          result.steps = structuredClone(steps);
        },
        upload: (_, name, artifact) => result.artifacts.set(name, artifact),
        cancelled: () => cancel ?? new AbortController().signal,
        complete: (_, conclusion) => {
          result.conclusion = conclusion;
        },
      };
      await runJobs(queue, {
        name: 'box',
        labels: ['self-hosted', 'gpu'],
        dir,
        path: process.env.PATH ?? '',
        signal: stop.signal,
        ...(onLine ? { onLine: (_: Job, line: string) => onLine(line) } : {}),
      });
      return { ...result, leftovers: readdirSync(dir) };
    },
  };
}

/** What `experiment.yml` needs, with a trainer that a shell can run. */
const OWN_FILES = {
  'action.yml': read('action.yml').replace('python3 trainer/train.py', 'sh trainer/train.py'),
  'dist/action.js': read('dist/action.js'),
  'package.json': '{"type": "module"}\n',
  '.github/research.yml': read('.github/research.yml'),
  'trainer/train.py': 'echo "val_bpb: 1.25"\n',
};

/** A workflow whose job `trial` has these steps (YAML, indented by six). */
const workflow = (steps: string, job = '') => `
on: workflow_dispatch
jobs:
  trial:
    runs-on: [self-hosted, gpu]
${job}
    steps:
${steps}`;

const conclusions = (result: Result) => result.steps.map(step => step.conclusion);

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
  const file = result.artifacts.get('measurement')?.get('measurement.json');
  const measurement = measurementSchema.parse(JSON.parse(Buffer.from(file ?? []).toString()));
  assert.deepEqual(measurement.outcome, { status: 'measured', value: 1.2 });
  assert.equal(measurement.candidate, candidate);
  assert.deepEqual(
    result.steps.map(step => `${step.number} ${step.name}: ${step.conclusion}`),
    [
      '1 Set up job: success',
      '2 Check out the base: success',
      '3 Check out the candidate: success',
      '4 Measure: success',
      '5 Hand over the measurement: success',
    ],
  );
  assert.match(result.log, /^step 1 {2}loss 2\.0/m);
  assert.doesNotMatch(result.log, /job-token/);
  assert.deepEqual(result.leftovers, []);
});

test('cancelling experiment.yml ends the candidate, though it has a process group of its own', async context => {
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

test('outputs, environment and path pass from step to step', async context => {
  const result = await scene(context).run(
    workflow(
      `
      - id: first
        run: |
          echo "answer=42" >> "$GITHUB_OUTPUT"
          printf 'text<<END\\ntwo\\nlines\\nEND\\n' >> "$GITHUB_OUTPUT"
          echo "COLOUR=green" >> "$GITHUB_ENV"
          mkdir tools; printf '#!/bin/sh\\necho my tool' > tools/mine; chmod +x tools/mine
          echo "$PWD/tools" >> "$GITHUB_PATH"
      - env: {SHAPE: "round \${{ env.COLOUR }}"}
        run: |
          echo "\${{ steps.first.outputs.answer }} $COLOUR $SHAPE $WHO $GITHUB_REPOSITORY $GITHUB_REF_NAME $RUNNER_NAME"
          echo "\${{ steps.first.outputs.text }}"
          mine`,
      `    env: {WHO: "\${{ github.actor }} for \${{ inputs.trial }}"}`,
    ),
    { inputs: { trial: '7/12.1' } },
  );
  assert.equal(result.conclusion, 'success', result.log);
  assert.match(result.log, /^42 green round green autoresearch\[bot\] for 7\/12\.1 ada\/model main box$/m);
  assert.match(result.log, /^two\nlines\nmy tool$/m);
});

test('after a failure only steps that ask for it run, and the job fails', async context => {
  const result = await scene(context).run(
    workflow(`
      - run: exit 3
      - run: echo skipped
      - if: failure()
        run: echo "sad \${{ job.status }}"
      - if: \${{ always() && inputs.trial == '1' }}
        run: echo always
      - if: cancelled()
        run: echo never`),
    { inputs: { trial: '1' } },
  );
  assert.equal(result.conclusion, 'failure');
  assert.deepEqual(conclusions(result), ['success', 'failure', 'skipped', 'success', 'success', 'skipped']);
  assert.match(result.log, /^##\[error\]Process completed with exit code 3\.\n/m);
  assert.match(result.log, /^sad failure$/m);
});

test('a script stops at the first command that fails; a step may be allowed to', async context => {
  const result = await scene(context).run(
    workflow(`
      - run: |
          false
          echo unreachable
        continue-on-error: true
      - run: echo reached`),
  );
  assert.equal(result.conclusion, 'success');
  assert.doesNotMatch(result.log, /unreachable/);
  assert.match(result.log, /^reached$/m);
});

test('a cancelled job stops what runs, and still does what must always be done', async context => {
  const cancel = new AbortController();
  const s = scene(context);
  const result = await s.run(
    workflow(`
      - run: |
          sleep 30 &
          echo started; sleep 30
      - run: echo skipped
      - if: always()
        run: echo "cleaned up after \${{ job.status }}"`),
    { cancel: cancel.signal, onLine: line => line === 'started' && cancel.abort() },
  );
  assert.equal(result.conclusion, 'cancelled');
  assert.deepEqual(conclusions(result), ['success', 'cancelled', 'skipped', 'success']);
  assert.match(result.log, /^cleaned up after cancelled$/m);
  await untilNoneRuns(s.root);
  assert.deepEqual(result.leftovers, []);
});

test('a job that runs too long has timed out', async context => {
  const result = await scene(context).run(workflow('      - run: sleep 30', '    timeout-minutes: 0.005'));
  assert.equal(result.conclusion, 'timed_out');
});

test('workflow commands are acted upon, unless a step stopped them', async context => {
  const result = await scene(context).run(
    workflow(`
      - run: |
          echo "::add-mask::swordfish"
          echo "the word is swordfish"
          echo "::error file=a.py::broken%0Ain two"
          echo "::stop-commands::token-1"
          echo "::error::not a command"
          echo "::token-1::"
          echo "::warning::a command"
      - run: echo "token \${{ github.token }}"`),
  );
  assert.match(result.log, /^the word is \*\*\*$/m);
  assert.match(result.log, /^##\[error\]broken\nin two$/m);
  assert.match(result.log, /^::error::not a command$/m);
  assert.match(result.log, /^##\[warning\]a command$/m);
  assert.match(result.log, /^token \*\*\*$/m);
});

test('checkout leaves no credentials behind', async context => {
  const s = scene(context);
  const first = gitIn(s.source, 'rev-parse', 'HEAD');
  s.push({ 'README.md': 'Second.\n' });
  const result = await s.run(
    workflow(`
      - uses: actions/checkout@v4
      - uses: actions/checkout@v4
        with: {ref: "${first}", path: old, persist-credentials: true}
      - uses: actions/checkout@v4
        with: {ref: main, path: all, fetch-depth: 0}
      - run: |
          cat README.md old/README.md
          git -C all rev-list --count HEAD
          ! grep -ri -e job-token -e extraheader .git old/.git all/.git; env`),
  );
  assert.equal(result.conclusion, 'success', result.log);
  assert.match(result.log, /^Second\.\nA model\.\n2$/m);
  assert.doesNotMatch(result.log, /extraheader|GIT_CONFIG|AUTHORIZATION/i);
});

test('an artifact holds the files of a folder or a pattern, but no links', async context => {
  const result = await scene(context).run(
    workflow(`
      - run: mkdir -p out/deep; echo 1 > out/a.txt; echo 2 > out/deep/b.json; ln -s /etc/hostname out/link
      - uses: actions/upload-artifact@v4
        with: {name: folder, path: out/}
      - uses: actions/upload-artifact@v4
        with: {name: pattern, path: "out/**/*.json"}
      - uses: actions/upload-artifact@v4
        with: {name: file, path: out/a.txt}
      - uses: actions/upload-artifact@v4
        with: {name: none, path: nothing, if-no-files-found: error}`),
  );
  const names = [...result.artifacts].map(([name, files]) => [name, [...files.keys()].sort()]);
  assert.deepEqual(names, [
    ['folder', ['a.txt', 'deep/b.json']],
    ['pattern', ['deep/b.json']],
    ['file', ['a.txt']],
  ]);
  assert.equal(result.steps.at(-1)?.conclusion, 'failure');
});

for (const [what, text, complaint] of [
  [
    'a matrix',
    workflow('      - run: "true"', '    strategy: {matrix: {a: [1]}}'),
    /jobs\.trial: the local runner does not support `strategy`/,
  ],
  ['a container', workflow('      - run: "true"', '    container: alpine'), /jobs\.trial: .*`container`/],
  [
    'another shell',
    workflow('      - {run: "1", shell: pwsh}'),
    /jobs\.trial\.steps\.0\.shell: expected bash or sh/,
  ],
  [
    'another action',
    workflow('      - uses: actions/setup-python@v5'),
    /cannot fetch `uses: actions\/setup-python@v5`/,
  ],
  [
    'another input',
    workflow('      - {uses: actions/checkout@v4, with: {lfs: true}}'),
    /actions\/checkout: .*`lfs`/,
  ],
  [
    'a path outside',
    workflow('      - {uses: actions/checkout@v4, with: {path: ../out}}'),
    /inside the workspace, found \.\.\/out/,
  ],
  [
    'an unknown context',
    workflow(`      - run: echo \${{ matrix.a }}`),
    /The expression `matrix\.a` is wrong/,
  ],
  ['no YAML', 'jobs: [', /experiment\.yml/],
] as const) {
  test(`a workflow with ${what} fails with file and key`, async context => {
    const result = await scene(context).run(text);
    assert.equal(result.conclusion, 'failure');
    assert.match(result.log, complaint);
    assert.match(result.log, /experiment\.yml|##\[error\]/);
  });
}
