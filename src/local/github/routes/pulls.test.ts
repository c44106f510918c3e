import assert from 'node:assert/strict';
import { test } from 'node:test';
import { branchWith, pullFrom, REPO, refused, scene } from '../github.test-helper.ts';

const DEEPER = { 'train.py': 'depth = 12\nwidth = 512\n' };
const WIDER = { 'train.py': 'depth = 8\nwidth = 768\n' };

test('a pull request is squashed into one commit on the base, by its author, with the message given', async () => {
  const { bot, main } = await scene();
  const head = await branchWith(bot, 'research/1/1', main, DEEPER);
  const { number } = await pullFrom(bot, 'research/1/1');
  const at = { ...REPO, pull_number: number };
  const merged = await bot.rest.pulls.merge({
    ...at,
    sha: head,
    merge_method: 'squash',
    commit_title: `Deeper (#${number})`,
    commit_message: 'Val-Bpb: 0.97',
  });
  const tip = (await bot.rest.repos.getBranch({ ...REPO, branch: 'main' })).data.commit;
  assert.equal(tip.sha, merged.data.sha);
  assert.equal(tip.commit.message, `Deeper (#${number})\n\nVal-Bpb: 0.97`);
  assert.deepEqual(
    tip.parents.map(parent => parent.sha),
    [main],
  );
  assert.equal(tip.author?.login, 'research[bot]');
  const measured = (await bot.rest.git.getCommit({ ...REPO, commit_sha: head })).data.tree.sha;
  assert.equal(tip.commit.tree.sha, measured);
  const pull = (await bot.rest.pulls.get(at)).data;
  assert.deepEqual(
    [pull.state, pull.merged, pull.merged_by?.login, pull.merge_commit_sha],
    ['closed', true, 'research[bot]', tip.sha],
  );
  await refused(bot.rest.pulls.merge({ ...at, merge_method: 'squash' }), 405, /not mergeable/);
});

test('right after the base moved a merge is refused once, and then made as a three-way merge', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  await branchWith(bot, 'b', main, { 'README.md': 'Mine.\n' });
  const [a, b] = [await pullFrom(bot, 'a'), await pullFrom(bot, 'b')];
  await bot.rest.pulls.merge({ ...REPO, pull_number: a.number, merge_method: 'squash' });
  const second = () => bot.rest.pulls.merge({ ...REPO, pull_number: b.number, merge_method: 'merge' });
  await refused(second(), 405, /Base branch was modified\. Review and try the merge again/);
  const { sha } = (await second()).data;
  const commit = (await bot.rest.git.getCommit({ ...REPO, commit_sha: sha })).data;
  assert.equal(commit.parents.length, 2);
  const file = await bot.rest.repos.getContent({
    ...REPO,
    path: 'train.py',
    mediaType: { format: 'raw' },
  });
  assert.equal(String(file.data), DEEPER['train.py']);
});

test('mergeability is unknown at first and after the base moved, and then it is known', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  await branchWith(bot, 'b', main, WIDER);
  const [a, b] = [await pullFrom(bot, 'a'), await pullFrom(bot, 'b')];
  const look = async () => {
    const { data } = await bot.rest.pulls.get({ ...REPO, pull_number: b.number });
    return [data.mergeable, data.mergeable_state];
  };
  assert.deepEqual(await look(), [null, 'unknown']);
  assert.deepEqual(await look(), [true, 'clean']);
  await bot.rest.pulls.merge({ ...REPO, pull_number: a.number, merge_method: 'squash' });
  assert.deepEqual(await look(), [null, 'unknown']);
  assert.deepEqual(await look(), [false, 'dirty']);
  await refused(
    bot.rest.pulls.merge({ ...REPO, pull_number: b.number }),
    405,
    /Pull Request is not mergeable/,
  );
});

test('a rule that the base demands refuses the merge, with its own message, until it is met', async () => {
  const { ann, bot, main } = await scene();
  const head = await branchWith(bot, 'a', main, DEEPER);
  const { number } = await pullFrom(bot, 'a');
  await ann.rest.repos.updateBranchProtection({
    ...REPO,
    branch: 'main',
    required_status_checks: { strict: false, contexts: ['tests'] },
    enforce_admins: null,
    required_pull_request_reviews: null,
    restrictions: null,
  });
  assert.equal((await bot.rest.repos.getBranch({ ...REPO, branch: 'main' })).data.protected, true);
  const merge = () => bot.rest.pulls.merge({ ...REPO, pull_number: number });
  await refused(merge(), 405, /Required status check "tests" is expected/);
  await refused(merge(), 405, /Required status check "tests" is expected/);
  await bot.rest.checks.create({ ...REPO, name: 'tests', head_sha: head, conclusion: 'success' });
  assert.equal((await merge()).data.merged, true);
});

test('a merge that expects another head is refused', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  const { number } = await pullFrom(bot, 'a');
  await refused(
    bot.rest.pulls.merge({ ...REPO, pull_number: number, sha: main }),
    409,
    /Head branch was modified/,
  );
});

test('a push to the head branch moves the pull request', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  const { number } = await pullFrom(bot, 'a');
  const better = await branchWith(bot, 'b', main, WIDER);
  const update = { ...REPO, ref: 'heads/a', sha: better };
  await refused(bot.rest.git.updateRef(update), 422, /not a fast forward/);
  await bot.rest.git.updateRef({ ...update, force: true });
  assert.equal((await bot.rest.pulls.get({ ...REPO, pull_number: number })).data.head.sha, better);
});

test('deleting the head branch closes its pull request', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  const { number } = await pullFrom(bot, 'a');
  await bot.rest.git.deleteRef({ ...REPO, ref: 'heads/a' });
  const at = { ...REPO, pull_number: number };
  const pull = (await bot.rest.pulls.get(at)).data;
  assert.deepEqual([pull.state, pull.merged], ['closed', false]);
});

test('a closed pull request is not merged', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  const at = { ...REPO, pull_number: (await pullFrom(bot, 'a')).number };
  await bot.rest.pulls.update({ ...at, state: 'closed', title: 'Closed', body: 'because' });
  const { title, body } = (await bot.rest.pulls.get(at)).data;
  assert.deepEqual([title, body], ['Closed', 'because']);
  await refused(bot.rest.pulls.merge(at), 405, /not mergeable/);
});

test('commits that reach the base another way count as merged', async () => {
  const { bot, main } = await scene();
  const head = await branchWith(bot, 'a', main, DEEPER);
  const { number } = await pullFrom(bot, 'a');
  await bot.rest.git.updateRef({ ...REPO, ref: 'heads/main', sha: head });
  assert.equal((await bot.rest.pulls.get({ ...REPO, pull_number: number })).data.merged, true);
});

test('a pull request needs two branches, something between them, and no twin', async () => {
  const { bot, main } = await scene();
  await bot.rest.git.createRef({ ...REPO, ref: 'refs/heads/same', sha: main });
  await refused(pullFrom(bot, 'same'), 422, /No commits between main and same/);
  await refused(pullFrom(bot, 'nowhere'), 422, /"field":"head"/);
  await branchWith(bot, 'a', main, DEEPER);
  await pullFrom(bot, 'a');
  await refused(pullFrom(bot, 'a'), 422, /A pull request already exists for ann:a/);
});

test('of two clients that open the same pull request at once, one is refused', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  const results = await Promise.allSettled([pullFrom(bot, 'a'), pullFrom(bot, 'a')]);
  assert.deepEqual(results.map(one => one.status).sort(), ['fulfilled', 'rejected']);
  assert.equal((await bot.rest.pulls.list(REPO)).data.length, 1);
});

test('pull requests are found by state and head, and are among the issues', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  await branchWith(bot, 'b', main, WIDER);
  const [a, b] = [await pullFrom(bot, 'a'), await pullFrom(bot, 'b')];
  await bot.rest.pulls.update({ ...REPO, pull_number: a.number, state: 'closed' });
  const list = async (query: object) =>
    (await bot.rest.pulls.list({ ...REPO, ...query })).data.map(pull => pull.number);
  assert.deepEqual(await list({}), [b.number]);
  assert.deepEqual(await list({ state: 'all' }), [b.number, a.number]);
  assert.deepEqual(await list({ state: 'all', head: 'ann:a' }), [a.number]);
  assert.deepEqual(await list({ state: 'all', sort: 'created', direction: 'asc' }), [a.number, b.number]);
  const issues = (await bot.rest.issues.listForRepo({ ...REPO, state: 'all' })).data;
  assert.deepEqual(
    issues.map(issue => [issue.number, issue.pull_request !== undefined]),
    [
      [b.number, true],
      [a.number, true],
    ],
  );
});

test('someone who may only read cannot merge', async () => {
  const { bot, eve, main } = await scene();
  await branchWith(bot, 'a', main, DEEPER);
  const { number } = await pullFrom(bot, 'a');
  await refused(eve.rest.pulls.merge({ ...REPO, pull_number: number }), 403, /not accessible/);
});
