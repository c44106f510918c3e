import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignState } from '../../campaign/marker.ts';
import { campaign, sha, trial } from '../../campaign/snapshot.test-helper.ts';
import { campaignScene } from '../../sim/scene.test-helper.ts';
import { writeMarker } from '../marker.ts';
import type { Comment, GitHubPort, Issue, Pull, WorkflowRun } from '../port.ts';
import { emptyMemory } from './memory.ts';
import { observe } from './observe.ts';

const NOW = new Date('2026-03-08T12:00:00Z');

/** A repository with one issue that a person labelled; `listed` counts how often its comments were listed. */
function labelled() {
  const issue: Issue = {
    number: 3,
    open: true,
    isPull: false,
    labels: ['research'],
    updatedAt: '2026-03-01T00:00:00Z',
  };
  const comments: Comment[] = [];
  const counts = { listed: 0 };
  const port: Partial<GitHubPort> = {
    repository: { owner: 'alice', name: 'model' },
    botLogin: 'bot[bot]',
    about: async () => ({
      url: 'https://github.test/alice/gpt',
      isPublic: false,
      defaultBranch: 'main',
      squashes: true,
    }),
    commit: async () => ({ sha: 'c'.repeat(40), tree: 'd'.repeat(40), parents: [], message: '' }),
    file: async () => null,
    branches: async () => new Map(),
    pullsSince: async () => [],
    openIssues: async () => [issue],
    issuesSince: async () => [],
    permission: async () => 'write',
    commentsSince: async () => comments,
    findComment: async () => {
      counts.listed++;
      return null;
    },
  };
  return { port: port as GitHubPort, issue, comments, counts };
}

test('an issue that only a person labelled is searched for a status comment once, whatever happens on it', async () => {
  const { port, issue, comments, counts } = labelled();
  const memory = emptyMemory();
  for (let look = 0; look < 3; look++) await observe(port, memory, NOW);
  assert.equal(counts.listed, 1);

  issue.updatedAt = '2026-03-08T11:00:00Z';
  await observe(port, memory, NOW);
  assert.equal(counts.listed, 1);

  const createdAt = '2026-03-08T11:00:00Z';
  comments.push({ id: 5, issue: 3, author: 'bob', body: '/research 3', createdAt, updatedAt: createdAt });
  const { commands } = await observe(port, memory, NOW);
  assert.equal(counts.listed, 1);
  assert.deepEqual(
    commands.map(({ comment }) => comment),
    [5],
  );
});

const BOT = 'bot[bot]';

/** A repository with one running campaign on #3, whose marker holds `baselines`, and these runs of its workflow. */
function repositoryWith(
  baselines: string[],
  runs: string[],
  forgotten?: NonNullable<CampaignState['forgotten']>,
): GitHubPort {
  const time = NOW.toISOString();
  const { state } = campaign({
    baselines: baselines.map(id => trial(id, 'champion tree', 1)),
    ...(forgotten ? { forgotten } : {}),
  });
  const body = writeMarker('campaign', state);
  const status = { id: 30, issue: 3, author: BOT, body, createdAt: time, updatedAt: time };
  const run = (title: string, id: number): WorkflowRun => ({
    id,
    title,
    actor: BOT,
    attempt: 1,
    headSha: sha('champion'),
    status: 'completed',
    conclusion: 'success',
    createdAt: time,
    url: '',
  });
  const port: Partial<GitHubPort> = {
    repository: { owner: 'alice', name: 'model' },
    botLogin: BOT,
    about: async () => ({
      url: 'https://github.test/alice/gpt',
      isPublic: false,
      defaultBranch: 'main',
      squashes: true,
    }),
    commit: async () => ({ sha: sha('champion'), tree: sha('champion tree'), parents: [], message: '' }),
    file: async () => '',
    branches: async () => new Map(),
    openIssues: async () => [{ number: 3, open: true, isPull: false, labels: ['research'], updatedAt: time }],
    findComment: async () => status,
    comment: async () => status,
    issuesSince: async () => [],
    permission: async () => 'write',
    commentsSince: async () => [],
    pullsSince: async () => [],
    checks: async () => [],
    runs: async () => runs.map(run),
  };
  return port as GitHubPort;
}

test('trials of the champion that the marker has dropped do not count as unrecorded', async () => {
  const port = repositoryWith(['3/0.1', '3/0.5'], ['3/0.1', '3/0.2', '3/0.3', '3/0.5', '3/0.6'], {
    trials: 2,
    machineSeconds: 600,
    last: 3,
  });
  const { attempts } = await observe(port, emptyMemory(), NOW);
  assert.deepEqual([...attempts.keys()], ['3/0.6']);
});

test('trials of the champion that run in parallel can be recorded in any order', async () => {
  const port = repositoryWith(['3/0.2'], ['3/0.1', '3/0.2', '3/0.3']);
  const { attempts } = await observe(port, emptyMemory(), NOW);
  assert.deepEqual([...attempts.keys()], ['3/0.1', '3/0.3']);
});

test('a campaign that lost its marker finds its trials of the champion again', async () => {
  const port = repositoryWith([], ['3/0.1', '3/0.2']);
  const { attempts } = await observe(port, emptyMemory(), NOW);
  assert.deepEqual([...attempts.keys()], ['3/0.1', '3/0.2']);
});

test('with a new marker, commands before its first one do not take effect again', async () => {
  const time = '2026-03-08T11:00:00Z';
  const asked = [5, 6, 7].map(id => ({
    id,
    issue: 3,
    author: 'bob',
    body: '/research 2',
    createdAt: time,
    updatedAt: time,
  }));
  const body = writeMarker('campaign', campaign({ comments: [6] }).state);
  const status = { id: 30, issue: 3, author: BOT, body, createdAt: time, updatedAt: time };
  const port: GitHubPort = {
    ...repositoryWith([], []),
    commentsSince: async () => asked,
    findComment: async () => status,
    comment: async () => status,
  };
  const { commands } = await observe(port, emptyMemory(), NOW);
  assert.deepEqual(
    commands.map(({ comment }) => comment),
    [7],
  );
});

test('a campaign whose status comment was listed late is not started again', async () => {
  const scene = campaignScene(1);
  await scene.look();
  scene.line = async (call, _what, effect) => {
    scene.lag = call === 'findComment' || call === 'commentsSince' ? 5000 : 0;
    return effect();
  };
  const memory = emptyMemory();
  const phases = async () => {
    const { campaigns } = await observe(scene.context.port, memory, scene.context.now());
    return campaigns.map(({ state }) => state?.phase ?? null);
  };
  assert.deepEqual(await phases(), [null]);
  scene.pass(10);
  assert.deepEqual(await phases(), ['running']);
  // From the look after the next on, the command itself is too old to be listed.
  scene.pass(600);
  await phases();
  scene.pass(60);
  assert.deepEqual(await phases(), ['running']);
});

test('a command on an issue without a campaign makes nobody read its comments, unless it may start one', async () => {
  const { port, comments, counts } = labelled();
  const time = '2026-03-08T11:00:00Z';
  const unlabelled: GitHubPort = {
    ...port,
    openIssues: async () => [],
    issue: async number => ({ number, open: true, isPull: false, labels: [], updatedAt: time }),
  };
  const memory = emptyMemory();
  const say = (id: number, body: string) =>
    comments.push({ id, issue: 4, author: 'bob', body, createdAt: time, updatedAt: time });
  say(5, '/research status');
  for (let look = 0; look < 3; look++) await observe(unlabelled, memory, NOW);
  assert.equal(counts.listed, 0);
  say(6, '/research 5');
  for (let look = 0; look < 3; look++) await observe(unlabelled, memory, NOW);
  assert.equal(counts.listed, 1);
});

test('a status comment that GitHub denies once, long after it was written, is found again', async () => {
  const time = '2026-03-08T11:00:00Z';
  const body = writeMarker('campaign', campaign().state);
  const status = { id: 30, issue: 3, author: 'bot[bot]', body, createdAt: time, updatedAt: time };
  let there = false;
  let denied = false;
  const port: GitHubPort = {
    ...labelled().port,
    findComment: async () => (there ? status : null),
    comment: async () => (denied ? null : status),
    commentsSince: async () => (there && !denied ? [status] : []),
    checks: async () => [],
    runs: async () => [],
  };
  const memory = emptyMemory();
  const phase = async () => (await observe(port, memory, NOW)).campaigns[0]?.state?.phase;
  assert.equal(await phase(), undefined, 'searched before it was written');
  there = true;
  memory.bare.clear();
  assert.equal(await phase(), 'running');
  denied = true;
  assert.equal(await phase(), 'running');
});

test('a large repository costs a look little: what people wrote is read once, and their pull requests are not kept', async () => {
  const { port, comments } = labelled();
  const at = { createdAt: '2026-03-08T11:00:00Z', updatedAt: '2026-03-08T11:00:00Z' };
  comments.push({ id: 5, issue: 3, author: 'bob', body: '/research 3', ...at });
  comments.push({ id: 6, issue: 4, author: 'eve', body: `${'so long '.repeat(2000)}\n/research 3`, ...at });
  const pull = (number: number, author: string, branch: string): Pull => ({
    ...{ number, author, branch, state: 'open', title: '', body: 'x'.repeat(60_000), base: 'main', ...at },
    ...{ headRepository: 'alice/model', headSha: 'e'.repeat(40), labels: [], mergeCommit: null },
  });
  const pulls = [
    pull(10, 'bot[bot]', 'research/3/1'),
    pull(11, 'bob', 'research/3/2'),
    pull(12, 'bob', 'fix'),
    { ...pull(13, 'eve', 'patch-1'), updatedAt: '2026-03-08T11:30:00Z' },
  ];
  const since: (string | null)[] = [];
  port.pullsSince = async from => {
    since.push(from);
    return pulls;
  };
  const memory = emptyMemory();
  const first = await observe(port, memory, NOW);
  assert.deepEqual(
    first.commands.map(({ comment }) => comment),
    [5],
    'nobody gives a command after 16,000 characters',
  );
  assert.deepEqual([...memory.pulls.keys()], [10, 11]);
  const again = await observe(port, memory, NOW);
  assert.equal(again.commands[0]?.command, first.commands[0]?.command, 'the same object');
  assert.deepEqual(since, [null, '2026-03-08T11:30:00Z'], 'what is not kept is not listed again either');
});
