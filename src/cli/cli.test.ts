import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { execa } from 'execa';
import { committedContract } from './contract.ts';

const CLI = path.resolve(import.meta.dirname, '../cli.ts');

function autoresearch(...args: string[]) {
  return execa(process.execPath, [CLI, ...args], { reject: false });
}

async function emptyRepository(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'cli-test-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await execa('git', ['init', '--quiet', '--initial-branch=trunk'], { cwd: directory });
  return directory;
}

test('help names every command', async () => {
  const { stdout, exitCode } = await autoresearch('--help');
  assert.equal(exitCode, 0);
  for (const command of ['demo', 'init', 'serve', 'trial', 'noise', 'verify', 'report', 'doctor'])
    assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
});

test('a usage error gets a line or two, exit code 2 and no stack trace', async () => {
  const mistakes = [
    ['dmeo'],
    ['demo', 'many'],
    ['demo', '--budget', '8'],
    ['trial', '--seed', '-1'],
    ['report', 'not-a-repository'],
    ['init', '/no/such/directory'],
  ];
  for (const args of mistakes) {
    const { stderr, exitCode } = await autoresearch(...args);
    assert.equal(exitCode, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, /^autoresearch: /);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  }
});

test('a demo with a model wants a key or a server that needs none, and doctor says which it has', async () => {
  const { OPENAI_API_KEY: _, OPENAI_BASE_URL: __, ...bare } = process.env;
  const run = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    execa(process.execPath, [CLI, ...args], { reject: false, env: { ...bare, ...env }, extendEnv: false });
  const server = { OPENAI_BASE_URL: 'http://localhost:11434/v1' };
  const demo = ['demo', '--agent', 'openai:llama', '--dir', CLI];
  const refused = await run({ OPENAI_API_KEY: '', OPENAI_BASE_URL: '' }, ...demo);
  assert.match(
    refused.stderr,
    /--agent: openai:MODEL needs a key or a server\. Set OPENAI_API_KEY .* OPENAI_BASE_URL/,
  );
  const accepted = await run(server, ...demo);
  assert.match(accepted.stderr, /--dir: /, 'the next thing that is wrong');
  assert.match((await run(server, 'doctor')).stdout, /✓ model +localhost:11434, without a key/);
  assert.match(
    (await run({ OPENAI_API_KEY: ' ', OPENAI_BASE_URL: '' }, 'doctor')).stdout,
    /– model +Set OPENAI_API_KEY/,
  );
});

test('init says what the built-in agent can change', async t => {
  const repository = await emptyRepository(t);
  await writeFile(path.join(repository, 'train.py'), 'LR = 0.5\nBETAS = (0.9, 0.95)\n');
  await writeFile(path.join(repository, 'train.lua'), 'LR = 0.5\n');
  const found = await autoresearch('init', repository, '--editable', 'train.py');
  assert.match(found.stdout, /The built-in agent can change 3 settings: LR = 0\.5, BETAS\[0\] = 0\.9, /);
  const nothing = await autoresearch('init', repository, '--force', '--editable', 'train.lua');
  assert.match(
    nothing.stdout,
    /The built-in agent found nothing to change in train\.lua\. It changes numbers/,
  );
});

test('init writes contract, workflow and brief, and never overwrites existing files', async t => {
  const repository = await emptyRepository(t);
  const file = [
    '--file',
    'result.json',
    '--key',
    'loss.val',
    '--readable',
    path.join(homedir(), '.cache/data'),
  ];
  const first = await autoresearch('init', repository, '--metric', 'loss', ...file);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /Commit and push to trunk/);
  const contract = path.join(repository, '.github/research.yml');
  assert.match(
    await readFile(contract, 'utf8'),
    /name: loss\n.*\n {2}file: result\.json\n {2}key: loss\.val/,
  );
  const workflow = await readFile(path.join(repository, '.github/workflows/experiment.yml'), 'utf8');
  assert.match(
    workflow,
    /readable: \|\n +~\/\.cache\/data$/m,
    'the home directory may differ on another machine',
  );
  await writeFile(contract, 'mine');
  const second = await autoresearch('init', repository);
  assert.equal(second.exitCode, 2);
  assert.match(second.stderr, /--force/);
  assert.equal(await readFile(contract, 'utf8'), 'mine');
});

/** A repository whose champion is measured by the script `train`. */
async function measuredRepository(t: TestContext, train: string) {
  const repository = await emptyRepository(t);
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: repository });
  await mkdir(path.join(repository, '.github'));
  await writeFile(
    path.join(repository, '.github/research.yml'),
    'editable: [train.sh]\nmetric: {name: val_loss, goal: minimize}\n',
  );
  await writeFile(path.join(repository, 'train.sh'), train);
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'start');
  return { repository, git };
}

test('a trial measures the working tree with its uncommitted edits, and leaves the repository as it was', async t => {
  const { repository, git } = await measuredRepository(t, 'echo "val_loss: 2.5"\n');
  const train = path.join(repository, 'train.sh');
  await autoresearch('init', repository, '--force', '--editable', 'train.sh', '--command', 'sh train.sh');
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'prepare');
  await writeFile(train, 'echo "val_loss: 1.5"\n');
  const { stdout, stderr, exitCode } = await autoresearch('trial', repository, '--budget', '5s');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^val_loss: 1\.5/);
  assert.equal((await git('status', '--porcelain')).stdout, ' M train.sh');
  assert.equal((await git('stash', 'list')).stdout, '');
});

test('a trial counts whatever is not committed: other files, the contract, new files', async t => {
  const { repository, git } = await measuredRepository(t, 'sh score.sh\n');
  await writeFile(path.join(repository, 'score.sh'), 'echo "val_loss: 9"\n');
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'score');
  await writeFile(path.join(repository, 'score.sh'), 'sh new.sh\n');
  await writeFile(path.join(repository, 'new.sh'), 'echo "speed: 4.5"\n');
  await writeFile(
    path.join(repository, '.github/research.yml'),
    'editable: [train.sh]\nmetric: {name: speed, goal: maximize}\n',
  );
  const before = (await git('status', '--porcelain')).stdout;
  const { stdout, stderr, exitCode } = await autoresearch(
    ...['trial', repository, '--budget', '5s', '--command', 'sh train.sh'],
  );
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^speed: 4\.5/);
  assert.equal((await git('status', '--porcelain')).stdout, before);
});

test('a trial runs on the Node and the packages of whoever calls it, not on ours', async t => {
  const { repository } = await measuredRepository(t, 'node bench.js\n');
  const tools = await mkdtemp(path.join(tmpdir(), 'cli-test-'));
  t.after(() => rm(tools, { recursive: true, force: true }));
  await writeFile(path.join(tools, 'node'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  await chmod(path.join(tools, 'node'), 0o755);
  await mkdir(path.join(repository, 'node_modules/fast'), { recursive: true });
  await writeFile(path.join(repository, 'node_modules/fast/index.js'), 'module.exports = 3;\n');
  await writeFile(path.join(repository, '.gitignore'), 'node_modules\n');
  await writeFile(path.join(repository, 'package.json'), '{}\n');
  await writeFile(path.join(repository, 'bench.js'), 'console.log("val_loss: " + require("fast"));\n');
  const ours = path.resolve(import.meta.dirname, '../../node_modules/.bin');
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    [CLI, 'trial', repository, '--budget', '5s', '--command', 'sh train.sh'],
    { reject: false, env: { PATH: `${ours}:${tools}:/usr/bin:/bin` } },
  );
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^val_loss: 3\..* node \d+/);
});

test('the demo refuses a repository whose trials cannot run here, before anything is started', async t => {
  const { repository, git } = await measuredRepository(t, 'echo "val_loss: 1"\n');
  await autoresearch('init', repository, '--force', '--editable', 'train.sh', '--command', 'sh train.sh');
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'prepare');
  const tools = await mkdtemp(path.join(tmpdir(), 'cli-test-'));
  t.after(() => rm(tools, { recursive: true, force: true }));
  await writeFile(path.join(tools, 'bwrap'), '#!/bin/sh\nexit 1\n');
  await chmod(path.join(tools, 'bwrap'), 0o755);
  const env = { PATH: `${tools}:${process.env.PATH}` };
  const args = [CLI, 'demo', '--repo', repository, '--dir', path.join(tools, 'demo'), '--exit'];
  const { stderr, exitCode } = await execa(process.execPath, args, { reject: false, env });
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /bubblewrap .*found an unknown version.*every trial fails, unless the contract says `sandbox: none`/,
  );
  const doctor = await execa(process.execPath, [CLI, 'doctor'], { reject: false, env });
  assert.match(doctor.stdout, /sandbox .*every trial fails, unless .*Only `demo` without --repo continues/);
});

test('noise repeats the trial with different seeds and says how large a gain must be', async t => {
  const { repository } = await measuredRepository(t, 'echo "val_loss: 2.0$AUTORESEARCH_SEED"\n');
  const { stdout, stderr, exitCode } = await autoresearch(
    'noise',
    repository,
    '--command',
    'sh train.sh',
    '--trials',
    '3',
  );
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /^trial 2 of 3, seed 2: val_loss 2\.0200/m);
  assert.match(stdout, /^mean {9}2\.0200$/m);
  assert.match(stdout, /^sd {11}0\.010 {3}\(0\.5% of the mean\)$/m);
  // t is 2.92 for three trials: 2.92 · 0.01 · √(1/3 + 1), and · √(1/3 + 1/3).
  assert.match(
    stdout,
    /^detectable {3}a gain of 0\.034 in 1 trial or 0\.024 in 3 trials, at 95% confidence: /m,
  );
  assert.match(
    stdout,
    /^Detecting a gain of 1% \(0\.020\) takes 5 trials each of candidate and champion, but `gate\.max_trials` is 4\. Raise it to 5, /m,
  );
});

test('a metric without noise shows any gain in one trial', async t => {
  const { repository } = await measuredRepository(t, 'echo "val_loss: 0.1"\n');
  const { stdout } = await autoresearch(
    'noise',
    repository,
    '--command',
    'sh train.sh',
    '--trials',
    '2',
    '--json',
  );
  const { trials, sd, shows } = JSON.parse(stdout);
  assert.deepEqual(trials, [
    { seed: 1, value: 0.1 },
    { seed: 2, value: 0.1 },
  ]);
  assert.deepEqual([sd, shows.oneTrial], [0, 0]);
});

test('noise stops at the first crash, and reports it with what was measured before', async t => {
  const script =
    'test "$AUTORESEARCH_SEED" = 1 || { echo "ValueError: unlucky"; exit 1; }\necho "val_loss: 3"\n';
  const { repository } = await measuredRepository(t, script);
  const { stderr, exitCode } = await autoresearch('noise', repository, '--command', 'sh train.sh');
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^autoresearch: trial 2 of 5, seed 2: crashed: ValueError: unlucky\. Measured before: seed 1 3\.0000\.$/m,
  );
  assert.doesNotMatch(stderr, /trial 3/);
});

test('serve refuses settings that cannot work, or that would accept webhooks from anyone, and doctor says the same', async () => {
  const nothing = { PRIVATE_KEY: '', PRIVATE_KEY_PATH: '', WEBHOOK_SECRET: '', WEBHOOK_PROXY_URL: '' };
  const serve = (env: Record<string, string>) =>
    execa(process.execPath, [CLI, 'serve'], { reject: false, env: { ...nothing, ...env } });
  const doctor = async (env: Record<string, string>) =>
    (await execa(process.execPath, [CLI, 'doctor'], { reject: false, env: { ...nothing, ...env } })).stdout;
  const wrong = { APP_ID: 'mine' };
  const keyless = { APP_ID: '12' };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const open = { APP_ID: '12', PRIVATE_KEY: key, HOST: '0.0.0.0' };
  for (const [env, name] of [
    [wrong, 'APP_ID'],
    [keyless, 'PRIVATE_KEY'],
    [open, 'WEBHOOK_SECRET'],
  ] as const) {
    const { stderr, exitCode } = await serve(env);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, new RegExp(`^autoresearch: ${name}: expected`));
  }
  assert.match(await doctor({ ...open, PORT: '70000' }), /^– port +PORT: expected a whole number/m);
  const polling = { APP_ID: '12', PRIVATE_KEY: key };
  assert.match(
    await doctor(polling),
    /^✓ GitHub App +App 12 polls GitHub every 60 s; WEBHOOK_SECRET is not set$/m,
  );
  assert.match(
    await doctor({ ...open, WEBHOOK_SECRET: 's', AUTORESEARCH_POLL_SECONDS: 'often' }),
    /^– GitHub App +AUTORESEARCH_POLL_SECONDS: expected/m,
  );
});

const WORKFLOW = `on:
  workflow_dispatch:
    inputs: {trial: , base: , candidate: , seed: , budget: , timeout: }
jobs: {trial: {runs-on: self-hosted, steps: []}}
`;

test('what the App refuses, every command refuses in the same words', async t => {
  const { repository, git } = await measuredRepository(t, 'echo "val_loss: 1"\n');
  const commit = async (files: Record<string, string | Uint8Array>) => {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(repository, file)), { recursive: true });
      await writeFile(path.join(repository, file), content);
    }
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '-m', 'change');
  };
  const contract = (editable: string, more = '') => ({
    '.github/research.yml': `editable: ${editable}\nmetric: {name: val_loss, goal: minimize}\n${more}`,
  });
  await commit({
    '.github/workflows/experiment.yml': WORKFLOW,
    'src/a.py': 'A = 1\n',
    'latin.py': Buffer.from('# caf\u00e9\n', 'latin1'),
    // More than git's output may hold.
    'large.py': Buffer.alloc(17_000_000, '#\n'),
  });
  const dir = path.join(repository, '..', `${path.basename(repository)}-demo`);
  t.after(() => rm(dir, { recursive: true, force: true }));
  const refusalsOf = async () => {
    const commands = [
      ['trial', repository, '--command', 'sh train.sh'],
      ['noise', repository, '--command', 'sh train.sh'],
      ['demo', '--repo', repository, '--dir', dir, '--exit'],
    ];
    const all: string[] = [];
    for (const args of commands) {
      const { stderr, exitCode } = await autoresearch(...args);
      assert.equal(exitCode, 2, `${args[0]}: ${stderr}`);
      all.push(stderr.replace(/^autoresearch: /, ''));
    }
    const { stdout } = await autoresearch('doctor', repository);
    all.push(/^✗ repository +(.*)$/m.exec(stdout)?.[1] ?? stdout);
    return new Set(all);
  };
  const lists = (name: string) => `\`.github/research.yml\` lists \`${name}\` under \`editable\`, `;
  const cases: [Record<string, string>, string][] = [
    [
      contract('[src]'),
      `${lists('src')}which is a folder. List the files that experiments may change: \`src/a.py\`.`,
    ],
    [
      contract('[latin.py]'),
      `${lists('latin.py')}which is not UTF-8. Experiments can only change text files in UTF-8.`,
    ],
    [
      contract('[large.py]'),
      `${lists('large.py')}which has 17000000 bytes. Experiments can only change files of at most 400000 bytes.`,
    ],
    [
      contract('[none.py]'),
      `${lists('none.py')}but there is no such file on \`trunk\`. Correct the path or add the file.`,
    ],
    [
      contract('["src/**"]'),
      '.github/research.yml:1: editable.0: expected the path of one file, not a pattern: list every file, such as src/train.py, found "src/**"',
    ],
    [
      contract('[train.sh]', 'trial: {budget: 40s, timeout: 20s}\n'),
      '.github/research.yml:3: trial.timeout: expected at least 50s, which leaves time for start-up and scoring beside the budget of 40s, found "20s"',
    ],
  ];
  for (const [files, reason] of cases) {
    await commit(files);
    await assert.rejects(committedContract(repository), { message: reason });
  }
  assert.deepEqual(await refusalsOf(), new Set(cases.slice(-1).map(([, reason]) => reason)));
  await commit(contract('[./train.sh, train.sh]'));
  const { stdout } = await autoresearch('trial', repository, '--command', 'sh train.sh');
  assert.match(stdout, /^val_loss: 1/, 'what the App accepts is accepted');
  assert.match(
    (await autoresearch('doctor', repository)).stdout,
    /^✓ repository +.* is ready for campaigns$/m,
  );
  const folder = await autoresearch('init', repository, '--force', '--editable', 'src');
  assert.match(folder.stderr, /lists `src` under `editable`, which is a folder/);
});

test("the demo shows the App's refusal as soon as it is there", async t => {
  const { repository, git } = await measuredRepository(t, 'echo "val_loss: 1"\n');
  await mkdir(path.join(repository, '.github/workflows'));
  await writeFile(path.join(repository, '.github/workflows/experiment.yml'), WORKFLOW);
  await writeFile(
    path.join(repository, '.github/research.yml'),
    'editable: [train.sh]\nmetric: {name: val_loss, goal: minimize}\nbase: elsewhere\n',
  );
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'change');
  const dir = path.join(repository, '..', `${path.basename(repository)}-demo`);
  t.after(() => rm(dir, { recursive: true, force: true }));
  const { stderr, exitCode } = await autoresearch('demo', '--repo', repository, '--dir', dir);
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^autoresearch: The campaign cannot start yet:\n\n- .*expected an existing branch, found elsewhere/,
  );
});

test("npm's own folder is not where paths begin, and init does not take it for the user's repository", async t => {
  const repository = await emptyRepository(t);
  const checkout = path.resolve(import.meta.dirname, '../..');
  const viaNpm = (called: string, ...args: string[]) =>
    execa(process.execPath, [CLI, ...args], {
      reject: false,
      cwd: checkout,
      env: { INIT_CWD: called, npm_lifecycle_event: 'autoresearch' },
    });
  const here = await viaNpm(repository, 'init');
  assert.equal(here.exitCode, 0, here.stderr);
  assert.match(here.stdout, new RegExp(`^Wrote to ${repository}:`));
  await mkdir(path.join(repository, 'sub'));
  assert.match(
    (await viaNpm(path.join(repository, 'sub'), 'init', '..', '--force')).stdout,
    new RegExp(`^Wrote to ${repository}:`),
  );
  const own = await viaNpm(checkout, 'init', '--force');
  assert.equal(own.exitCode, 2);
  assert.match(own.stderr, /Expected the path of your repository, found none; .* is autoresearch-bot itself/);
  assert.equal((await execa('git', ['status', '--porcelain', '.github'], { cwd: checkout })).stdout, '');
});
