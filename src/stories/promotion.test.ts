import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOT } from './github.test-helper.ts';
import { contractWith, researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

/** No webhook ever reaches the App: it looks by itself. */
const world = await startWorld({ webhooks: false, pollSeconds: 1 });
const contract = contractWith('trial: {', 'base: campaign\ntrial: {');
const place = await world.place('apart', researchFiles({ '.github/research.yml': contract }));
const { alice, repo } = place;
/** Nobody makes this check, and so nothing is merged into main but by an administrator. */
await alice.rest.repos.updateBranchProtection({
  ...repo,
  branch: 'main',
  required_status_checks: { strict: false, contexts: ['ci'] },
  enforce_admins: false,
  required_pull_request_reviews: null,
  restrictions: null,
});
const { data: before } = await alice.rest.repos.getBranch({ ...repo, branch: 'main' });
await world.bot.start();
const issue = await place.issue();
await place.comment('bob', issue, '/research 1');
await place.status(issue, /proposes the improvements for `main`/);

test('a campaign on a protected repository ends with one pull request that a person can judge', async () => {
  const { data: open } = await alice.rest.pulls.list({ ...repo, state: 'open' });
  assert.deepEqual(
    open.map(({ user, head, base }) => [user?.login, head.ref, base.ref]),
    [[BOT, `research/${issue}/base`, 'main']],
  );
  const [pull] = open;
  assert.equal(pull?.title, 'Campaign #1: val_bpb 1.0002 → 0.9799, 1 experiment merged');
  const body = pull?.body ?? '';
  assert.match(
    body,
    /^\*\*val_bpb 1\.0002 → 0\.9799\*\* \(−0\.0203, lower is better\): 1 merged experiment of campaign #1\./,
  );
  assert.match(body, /\| #2 \| depth 1 → 2 +\| +0\.9799 \| −0\.0203 \|/);
  assert.match(body, /Every experiment was merged\. Total spent: \d+ trials/);
  const { data: after } = await alice.rest.repos.getBranch({ ...repo, branch: 'main' });
  assert.equal(after.commit.sha, before.commit.sha, 'the App never moves main');
});

test('she merges it, main holds one commit for every experiment, and the issue says so', async () => {
  const [pull] = (await alice.rest.pulls.list({ ...repo, state: 'open' })).data;
  const number = pull?.number ?? 0;
  await alice.rest.repos.deleteBranchProtection({ ...repo, branch: 'main' });
  await alice.rest.pulls.merge({ ...repo, pull_number: number, merge_method: 'merge' });
  await place.waitFor('the App to say so', async () =>
    (await place.comments(issue)).some(
      ({ author, body }) => author === BOT && body.startsWith(`#${number} was merged`),
    ),
  );
  const { git } = await place.clone();
  assert.deepEqual((await git('log', '--format=%s', 'main')).split('\n').slice(1), [
    '0.9799 (−0.0203) depth 1 → 2 (#2)',
    'Initial commit',
  ]);
  assert.match((await place.file('settings.txt', 'main')) ?? '', /^depth: 2$/m);
});

test('no webhook ever arrived, and the App logged no error', () => {
  assert.deepEqual(world.github.deliveries, []);
  assert.deepEqual(world.errors(), []);
});
