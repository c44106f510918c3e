import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gitIn, untilNoneRuns } from '../../trial/fixture.test-helper.ts';
import { type Result, scene } from './scene.test-helper.ts';

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

test('a script stops at the first failing command, and continue-on-error ignores the failure', async context => {
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

test('cancelling a job stops its current step, and always() steps still run', async context => {
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

test('a job that runs too long times out', async context => {
  const result = await scene(context).run(workflow('      - run: sleep 30', '    timeout-minutes: 0.005'));
  assert.equal(result.conclusion, 'timed_out');
});

test('workflow commands are executed unless a step has stopped them', async context => {
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

test('checkout sends the token to the server and to nobody else', async context => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => server.close());
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const result = await scene(context).run(workflow('      - uses: actions/checkout@v4'), { serverUrl });
  const credentials = Buffer.from('x-access-token:ghs_job-token').toString('base64');
  assert.equal(seen[0], `basic ${credentials}`);
  assert.equal(result.conclusion, 'failure');
  assert.doesNotMatch(result.log, new RegExp(`${credentials}|job-token`));
});

test('an artifact contains the files of a folder or a pattern, but no links', async context => {
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
    /does not support `uses: actions\/setup-python@v5`\. Supported: /,
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
  ['an unknown context', workflow(`      - run: echo \${{ matrix.a }}`), /Invalid expression `matrix\.a`: /],
  ['no YAML', 'jobs: [', /experiment\.yml/],
] as const) {
  test(`a workflow with ${what} fails with file and key`, async context => {
    const result = await scene(context).run(text);
    assert.equal(result.conclusion, 'failure');
    assert.match(result.log, complaint);
    assert.match(result.log, /experiment\.yml|##\[error\]/);
  });
}
