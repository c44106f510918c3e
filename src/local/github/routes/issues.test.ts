import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPO, refused, scene } from '../github.test-helper.ts';

const numbers = (issues: { number: number }[]) => issues.map(issue => issue.number);

test('a person opens an issue, the App answers and reacts, and both are read back', async () => {
  const { ann, bot } = await scene();
  const issue = (await ann.rest.issues.create({ ...REPO, title: 'Try it', body: 'please' })).data;
  const at = { ...REPO, issue_number: issue.number };
  const asked = (await ann.rest.issues.createComment({ ...at, body: '/research 5' })).data;
  const reaction = { ...REPO, comment_id: asked.id, content: 'eyes' as const };
  assert.equal((await bot.rest.reactions.createForIssueComment(reaction)).status, 201);
  assert.equal((await bot.rest.reactions.createForIssueComment(reaction)).status, 200);
  assert.equal((await ann.rest.reactions.createForIssueComment(reaction)).status, 201);
  const answer = (await bot.rest.issues.createComment({ ...at, body: 'Started.' })).data;
  assert.equal(answer.user?.login, 'research[bot]');
  assert.equal(answer.user?.type, 'Bot');
  assert.equal(answer.performed_via_github_app?.id, 7);

  const comments = (await bot.rest.issues.listComments(at)).data;
  assert.deepEqual(
    comments.map(one => [one.user?.login, one.body, one.reactions?.eyes]),
    [
      ['ann', '/research 5', 2],
      ['research[bot]', 'Started.', 0],
    ],
  );
  assert.equal((await bot.rest.issues.get(at)).data.comments, 2);
  const reactions = (await bot.rest.reactions.listForIssueComment({ ...REPO, comment_id: asked.id })).data;
  assert.deepEqual(
    reactions.map(one => one.user?.login),
    ['research[bot]', 'ann'],
  );
});

test('the App edits and deletes its own comment', async () => {
  const { bot, ann, eve } = await scene();
  await ann.rest.issues.create({ ...REPO, title: 'One' });
  const made = (await bot.rest.issues.createComment({ ...REPO, issue_number: 1, body: 'a' })).data;
  const at = { ...REPO, comment_id: made.id };
  await refused(eve.rest.issues.updateComment({ ...at, body: 'mine' }), 403, /author/);
  await bot.rest.issues.updateComment({ ...at, body: 'b' });
  assert.equal((await bot.rest.issues.getComment(at)).data.body, 'b');
  await bot.rest.issues.deleteComment(at);
  await refused(bot.rest.issues.getComment(at), 404, /Not Found/);
});

test('a text that GitHub would not store is refused, and so is an empty one', async () => {
  const { bot, ann } = await scene();
  await ann.rest.issues.create({ ...REPO, title: 'One' });
  const at = { ...REPO, issue_number: 1 };
  const longest = 'x'.repeat(65_536);
  await bot.rest.issues.createComment({ ...at, body: longest });
  await refused(bot.rest.issues.createComment({ ...at, body: `${longest}x` }), 422, /too long/);
  await refused(bot.rest.issues.createComment({ ...at, body: ' ' }), 422, /Validation Failed/);
  const title = 'x'.repeat(257);
  await refused(bot.rest.issues.create({ ...REPO, title: 'x', body: `${longest}x` }), 422, /too long/);
  await refused(bot.rest.issues.create({ ...REPO, title }), 422, /too long/);
});

test('a label is made when it is first used, whatever its case later', async () => {
  const { bot, ann } = await scene();
  await ann.rest.issues.create({ ...REPO, title: 'One', labels: ['research'] });
  const at = { ...REPO, issue_number: 1 };
  await bot.rest.issues.addLabels({ ...at, labels: ['Research', 'research:held'] });
  const labels = async () =>
    (await bot.rest.issues.get(at)).data.labels.map(label => (typeof label === 'string' ? '' : label.name));
  assert.deepEqual(await labels(), ['research', 'research:held']);
  await ann.rest.issues.update({ ...at, labels: ['RESEARCH'] });
  assert.deepEqual(await labels(), ['research']);
});

test('issues are found by label and state, newest first', async () => {
  const { bot, ann } = await scene();
  for (const title of ['one', 'two', 'three']) {
    await ann.rest.issues.create({ ...REPO, title, labels: title === 'two' ? [] : ['research'] });
  }
  await ann.rest.issues.update({ ...REPO, issue_number: 1, state: 'closed' });
  const list = async (query: object) =>
    numbers((await bot.rest.issues.listForRepo({ ...REPO, ...query })).data);
  assert.deepEqual(await list({}), [3, 2]);
  assert.deepEqual(await list({ state: 'all', labels: 'research' }), [3, 1]);
  const closed = (await bot.rest.issues.get({ ...REPO, issue_number: 1 })).data;
  assert.deepEqual(
    [closed.state, closed.state_reason, closed.closed_by?.login],
    ['closed', 'completed', 'ann'],
  );
});

test('comments of the whole repository are listed by the time of their last change', async () => {
  let now = new Date('2026-03-01T00:00:00Z');
  const { bot, ann } = await scene({ clock: () => now });
  await ann.rest.issues.create({ ...REPO, title: 'One' });
  const ids: number[] = [];
  for (const body of ['a', 'b', 'c']) {
    now = new Date(now.getTime() + 60_000);
    ids.push((await ann.rest.issues.createComment({ ...REPO, issue_number: 1, body })).data.id);
  }
  now = new Date(now.getTime() + 60_000);
  await ann.rest.issues.updateComment({ ...REPO, comment_id: ids[0] ?? 0, body: 'A' });
  const list = async (query: object) => {
    const { data } = await bot.rest.issues.listCommentsForRepo({ ...REPO, ...query });
    return data.map(comment => comment.body).join('');
  };
  assert.equal(await list({}), 'Abc');
  assert.equal(await list({ sort: 'updated', direction: 'asc' }), 'bcA');
  assert.equal(await list({ sort: 'updated', direction: 'asc', since: '2026-03-01T00:03:00Z' }), 'cA');
});

test('a list of many comes in pages, and a client that follows the links gets all of it', async () => {
  const { bot, ann } = await scene();
  for (let count = 0; count < 5; count++) await ann.rest.issues.create({ ...REPO, title: `${count}` });
  const first = await bot.rest.issues.listForRepo({ ...REPO, per_page: 2 });
  assert.deepEqual(numbers(first.data), [5, 4]);
  assert.match(first.headers.link ?? '', /page=2.*rel="next".*page=3.*rel="last"/);
  assert.deepEqual(
    numbers(await bot.paginate(bot.rest.issues.listForRepo, { ...REPO, per_page: 2 })),
    [5, 4, 3, 2, 1],
  );
});

test('a client that already has the answer is told so', async () => {
  const { bot } = await scene();
  const { headers } = await bot.rest.repos.get(REPO);
  const again = bot.rest.repos.get({ ...REPO, headers: { 'if-none-match': headers.etag ?? '' } });
  await refused(again, 304, /./);
});
