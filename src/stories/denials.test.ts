import assert from 'node:assert/strict';
import { test } from 'node:test';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

/** Requests that GitHub refuses at the moment: `METHOD path`, the status, and its words. */
const denials = new Map<RegExp, { status: number; message: string }>();

const world = await startWorld({
  pollSeconds: 1,
  intercept(request) {
    if (/^token token-of-/i.test(request.headers.get('authorization') ?? '')) return undefined;
    const subject = `${request.method} ${decodeURIComponent(new URL(request.url).pathname)}`;
    for (const [pattern, { status, message }] of denials)
      if (pattern.test(subject)) return Response.json({ message }, { status });
    return undefined;
  },
});
const locked = await world.place('locked', researchFiles());
const renamed = await world.place('renamed', researchFiles());
const forbidden = await world.place('forbidden', researchFiles());
const refused = await world.place('refused', researchFiles());
await world.bot.start();

test('a command on a locked issue is passed over, and the next one is answered', async () => {
  const issue = await locked.issue();
  const message = 'Unable to create comment because issue is locked.';
  denials.set(new RegExp(`POST .*/locked/issues/${issue}/comments`), { status: 403, message });
  denials.set(/POST .*\/locked\/issues\/comments\/\d+\/reactions/, { status: 403, message });
  await locked.comment('bob', issue, '/research help');
  const other = await locked.issue();
  const comment = await locked.comment('bob', other, '/research help');
  assert.match(await locked.answer(other, comment), /`\/research 50` starts a campaign of 50 experiments/);
  assert.equal((await locked.comments(issue)).length, 1);
  assert.match(
    world.errors().join('\n'),
    /GitHub refused an action; skipped, retried every hour: Unable to create comment because issue is locked/,
  );
});

test('a workflow that is gone pauses the campaign after three tries with the words of GitHub, and it can be stopped', async () => {
  const issue = await renamed.issue();
  denials.set(/\/renamed\/actions\/workflows\//, { status: 404, message: 'Not Found' });
  await renamed.comment('bob', issue, '/research 1');
  const status = await renamed.status(issue, /⏸ Paused: 0 of 1 experiments/);
  assert.match(status, /GitHub refused the step `dispatch` of `experiment\.yml`: `Not Found/);
  await renamed.comment('bob', issue, '/research stop');
  await renamed.status(issue, /⏹ Stopped: 0 of 1 experiments/);
});

test('what the App may not do pauses the campaign after three tries; once it may, the campaign goes on', async () => {
  const issue = await forbidden.issue();
  const message = 'Resource not accessible by integration';
  const checks = /POST .*\/forbidden\/check-runs/;
  denials.set(checks, { status: 403, message });
  await forbidden.comment('bob', issue, '/research 1');
  const status = await forbidden.status(issue, /⏸ Paused: 0 of 1 experiments/);
  assert.match(
    status,
    /GitHub refused the step `dispatch` of `experiment\.yml`: `Resource not accessible by integration/,
  );
  denials.delete(checks);
  await forbidden.comment('bob', issue, '/research resume');
  await forbidden.status(issue, /🏁 Finished: 1 of 1 experiments/);
});

test('an experiment that GitHub never takes counts as a failed proposal, with what it cost', async () => {
  const issue = await refused.issue();
  const pulls = /POST .*\/refused\/pulls$/;
  denials.set(pulls, { status: 422, message: 'Validation Failed' });
  const before = world.model.requests.length;
  await refused.comment('bob', issue, '/research 1');
  const status = await refused.status(issue, /⏸ Paused: 0 of 1 experiments/);
  assert.match(
    status,
    /5 proposals failed in a row\..*`GitHub refused to open the experiment: Validation Failed/,
  );
  assert.match(status, /, [1-9]\d* tokens/, 'what was paid is told');
  assert.equal(world.model.requests.length - before, 5);
  denials.delete(pulls);
  await refused.comment('bob', issue, '/research resume');
  await refused.status(issue, /🏁 Finished: 1 of 1 experiments/);
});
