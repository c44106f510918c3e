import assert from 'node:assert/strict';
import { test } from 'node:test';
import { campaign, NOW, sha, trial } from '../campaign/snapshot.test-helper.ts';
import { writeMarker } from './marker.ts';
import { emptyMemory, observe } from './observe.ts';
import type { GitHubPort, WorkflowRun } from './port.ts';

const BOT = 'bot[bot]';

/** A repository with one running campaign on #3, whose marker holds `baselines`, and these runs of its workflow. */
function repositoryWith(baselines: string[], runs: string[]): GitHubPort {
  const time = NOW.toISOString();
  const { state } = campaign({ baselines: baselines.map(id => trial(id, 'champion tree', 1)) });
  const body = writeMarker('campaign', state);
  const status = { id: 30, issue: 3, author: BOT, body, createdAt: time, updatedAt: time };
  const run = (title: string, id: number): WorkflowRun => ({
    id,
    title,
    actor: BOT,
    status: 'completed',
    conclusion: 'success',
    createdAt: time,
    url: '',
  });
  const port: Partial<GitHubPort> = {
    repository: { owner: 'alice', name: 'model' },
    botLogin: BOT,
    about: async () => ({ isPublic: false, defaultBranch: 'main', squashes: true }),
    commit: async () => ({ sha: sha('champion'), tree: sha('champion tree'), parents: [] }),
    file: async () => '',
    branches: async () => new Map(),
    openIssues: async () => [{ number: 3, open: true, isPull: false, updatedAt: time }],
    comments: async () => [status],
    comment: async () => status,
    commentsSince: async () => [],
    pullsSince: async () => [],
    checks: async () => [],
    runs: async () => runs.map(run),
  };
  return port as GitHubPort;
}

test('champion trials that the marker dropped are not taken for unrecorded ones', async () => {
  const port = repositoryWith(['3/0.1', '3/0.5'], ['3/0.1', '3/0.2', '3/0.3', '3/0.5', '3/0.6']);
  const { attempts } = await observe(port, emptyMemory(), NOW);
  assert.deepEqual([...attempts.keys()], ['3/0.6']);
});

test('a campaign that lost its marker finds its champion trials again', async () => {
  const port = repositoryWith([], ['3/0.1', '3/0.2']);
  const { attempts } = await observe(port, emptyMemory(), NOW);
  assert.deepEqual([...attempts.keys()], ['3/0.1', '3/0.2']);
});
