import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { execa } from 'execa';

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
  for (const command of ['demo', 'init', 'serve', 'trial', 'report', 'doctor'])
    assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
});

test('what is not understood is answered in a line or two, with exit code 2 and no stack trace', async () => {
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

test('init writes contract, workflow and brief once, and never over what is there', async t => {
  const repository = await emptyRepository(t);
  const first = await autoresearch('init', repository, '--metric', 'loss');
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /Commit and push to trunk/);
  const contract = path.join(repository, '.github/research.yml');
  assert.match(await readFile(contract, 'utf8'), /name: loss/);
  await writeFile(contract, 'mine');
  const second = await autoresearch('init', repository);
  assert.equal(second.exitCode, 2);
  assert.match(second.stderr, /--force/);
  assert.equal(await readFile(contract, 'utf8'), 'mine');
});

test('a trial measures the work tree, edits included, and leaves the repository as it was', async t => {
  const repository = await emptyRepository(t);
  const train = path.join(repository, 'train.sh');
  await writeFile(train, 'echo "val_loss: 2.5"\n');
  await autoresearch('init', repository, '--editable', 'train.sh', '--command', 'sh train.sh');
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: repository });
  await git('add', '--all');
  await git('commit', '--quiet', '-m', 'start');
  await writeFile(train, 'echo "val_loss: 1.5"\n');
  const { stdout, stderr, exitCode } = await autoresearch('trial', repository, '--budget', '5s');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^val_loss: 1\.5/);
  assert.equal((await git('status', '--porcelain')).stdout, ' M train.sh');
  assert.equal((await git('stash', 'list')).stdout, '');
});

test('serve refuses settings that could not work, or that would believe anybody, and says which', async () => {
  const nothing = { PRIVATE_KEY: '', PRIVATE_KEY_PATH: '', WEBHOOK_SECRET: '', WEBHOOK_PROXY_URL: '' };
  const serve = (env: Record<string, string>) =>
    execa(process.execPath, [CLI, 'serve'], { reject: false, env: { ...nothing, ...env } });
  const wrong = { APP_ID: 'mine' };
  const keyless = { APP_ID: '12' };
  const open = { APP_ID: '12', PRIVATE_KEY: 'key', HOST: '0.0.0.0' };
  for (const [env, name] of [
    [wrong, 'APP_ID'],
    [keyless, 'PRIVATE_KEY'],
    [open, 'WEBHOOK_SECRET'],
  ] as const) {
    const { stderr, exitCode } = await serve(env);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, new RegExp(`^autoresearch: ${name}: expected`));
  }
});
