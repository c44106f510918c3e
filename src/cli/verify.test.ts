import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { execa } from 'execa';

const CLI = path.resolve(import.meta.dirname, '../cli.ts');

function verify(...args: string[]) {
  return execa(process.execPath, [CLI, 'verify', ...args], { reject: false });
}

interface Step {
  train: string;
  message: string;
}

/** Scores `level`, and beside it up to 0.01 that depends on the seed. */
function scoring(level: number): string {
  return `echo "val_loss: ${level.toFixed(1)}0$((AUTORESEARCH_SEED % 10))"\n`;
}

function merged(pull: number, campaign: number, title: string, more = ''): string {
  return `0.9000 (−0.0100) ${title} (#${pull})\n\nIt helps.\n\nVal-Loss: 0.9000\nExperiment: #${pull}\nCampaign: #${campaign}\nTrials: 3/1.1${more}`;
}

/** A clone of a campaign's repository. */
async function repository(t: TestContext, steps: readonly Step[]): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'verify-test-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: root });
  await git('init', '--quiet', '--initial-branch=main');
  await mkdir(path.join(root, '.github/workflows'), { recursive: true });
  await writeFile(
    path.join(root, '.github/research.yml'),
    'editable: [train.sh]\nmetric: {name: val_loss, goal: minimize}\ntrial: {budget: 5s}\n',
  );
  await writeFile(
    path.join(root, '.github/workflows/experiment.yml'),
    'on:\n  workflow_dispatch:\n    inputs: {trial: , base: , candidate: , seed: , budget: , timeout: }\njobs:\n  trial:\n    runs-on: self-hosted\n    steps: [{uses: x/autoresearch-bot@v1, with: {command: sh train.sh}}]\n',
  );
  await writeFile(path.join(root, 'program.md'), 'Lower it.\n');
  for (const { train, message } of steps) {
    await writeFile(path.join(root, 'train.sh'), train);
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '-m', message);
  }
  return root;
}

const START = { train: scoring(3), message: 'start' };

test('each merge is measured again beside its parent: a real one is confirmed, and so are two together', async t => {
  const root = await repository(t, [
    START,
    { train: scoring(2.5), message: merged(4, 1, 'smaller steps') },
    { train: scoring(2.5), message: 'Notes\n\nCampaign: #1' },
    { train: scoring(2.1), message: merged(5, 1, 'more of it') },
  ]);
  const { stdout, stderr, exitCode } = await verify(root, '--seeds', '2');
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /^trial 1 of 8, the parent of #4, seed \d+: val_loss 3\.00/m);
  assert.match(stderr, /^trial 8 of 8, .*: val_loss \d\.\d+ +\(.* s\)$/m);
  assert.match(stdout, /^#4 +smaller steps +3\.00\d\d ± 0 .*confirmed$/m);
  assert.match(stdout, /^all +first champion → last /m);
  assert.match(stdout, /^Result: of 2 merges, 2 confirmed, 0 not confirmed, 0 unclear\./m);
});

test('a merge that made it worse is not confirmed, and the exit code says so', async t => {
  const root = await repository(t, [
    { train: scoring(2), message: 'start' },
    { train: scoring(2.2), message: merged(4, 1, 'lucky') },
    { train: scoring(2.2), message: merged(5, 1, 'shorter', '\nMerged-for: shorter code') },
  ]);
  const { stdout, stderr, exitCode } = await verify(root, '--seeds', '2', '--json');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^autoresearch: 1 of 2 merges not confirmed$/m);
  const { merges, overall, seeds } = JSON.parse(stdout);
  assert.deepEqual(
    merges.map(({ pull, simpler, result }: Record<string, unknown>) => [pull, simpler, result]),
    [
      [4, false, 'refuted'],
      [5, true, 'confirmed'],
    ],
  );
  assert.equal(overall.result, 'refuted');
  assert.equal(new Set(seeds).size, 2);
});

test('the newest campaign is meant, another by its issue, and one merge by its pull request', async t => {
  const root = await repository(t, [
    START,
    { train: scoring(2.5), message: merged(4, 1, 'first') },
    { train: scoring(2.4), message: merged(9, 8, 'second') },
    { train: scoring(2.3), message: merged(10, 8, 'third') },
  ]);
  const newest = await verify(root, '--seeds', '2', '--pull', '10');
  assert.equal(newest.exitCode, 0, newest.stderr);
  assert.match(newest.stdout, /^#10 +third /m);
  assert.doesNotMatch(newest.stdout, /^#9 /m);
  const other = await verify(root, '--seeds', '2', '--issue', '1');
  assert.match(other.stdout, /of 1 merge of campaign #1,/);
});

test('a merge that cannot run here is named with its reason', async t => {
  const root = await repository(t, [
    START,
    { train: 'echo "ValueError: no GPU"; exit 1\n', message: merged(4, 1, 'broken') },
  ]);
  const { stdout, stderr, exitCode } = await verify(root, '--seeds', '2');
  assert.equal(exitCode, 1);
  assert.match(stdout, /^#4 +broken .* not measured$/m);
  assert.match(stdout, /^#4 could not be measured: the merge, seed \d+: crashed: ValueError: no GPU\.$/m);
  assert.match(stderr, /^autoresearch: 1 of 1 merges could not be measured$/m);
});

test('what cannot be verified is said before anything is measured', async t => {
  const root = await repository(t, [START, { train: scoring(2), message: merged(4, 1, 'first') }]);
  const git = (...args: string[]) => execa('git', args, { cwd: root });
  const plain = await repository(t, [START]);
  const bare = await mkdtemp(path.join(tmpdir(), 'verify-test-'));
  t.after(() => rm(bare, { recursive: true, force: true }));
  const shallow = path.join(bare, 'shallow');
  await execa('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, shallow]);
  const refused = async (expected: RegExp, ...args: string[]) => {
    const { stderr, exitCode } = await verify(...args);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /trial 1 of/);
  };
  await refused(/Expected a git repository with a commit at .*, found none/, bare);
  await refused(/Expected merges of a campaign on the current branch .*, found none\./, plain);
  await refused(/Expected merges of campaign #7 .*, found those of #1\./, root, '--issue', '7');
  await refused(/--pull: expected merges of campaign #1 \(#4\), found #12\./, root, '--pull', '12');
  await refused(/--branch: expected a branch or a commit .*, found nowhere\./, root, '--branch', 'nowhere');
  await refused(/history of this clone is cut off .*--unshallow/, shallow);
  await refused(/--seeds.* Expected a whole number from 2 to 100/, root, '--seeds', '1');
  await git('checkout', '--quiet', '-b', 'research/1/base');
  await git('branch', '--quiet', '-f', 'main', 'HEAD~1');
  await refused(/found none\. .*`--branch research\/1\/base`/, root, '--branch', 'main');
  await git('rm', '--quiet', '.github/research.yml');
  await git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-m', 'no contract');
  await refused(/Expected \.github\/research\.yml in the last commit/, root);
});
