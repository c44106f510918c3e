import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wakeOf } from './webhook.ts';

const repository = { id: 20, name: 'model', owner: { login: 'bob' } };
const installation = { id: 2 };
const look = {
  kind: 'look',
  place: { id: 20, repository: { owner: 'bob', name: 'model' }, installation: 2 },
};
const payload = (action?: string, type = 'User') => ({
  ...(action !== undefined && { action }),
  repository,
  installation,
  sender: { type },
});

test('what may change a campaign wakes the loop of its repository', () => {
  const events: [string, string?][] = [
    ['issue_comment', 'created'],
    ['issue_comment', 'edited'],
    ['issues', 'opened'],
    ['pull_request', 'synchronize'],
    ['workflow_run', 'completed'],
    ['push'],
  ];
  for (const [event, action] of events) assert.deepEqual(wakeOf(event, payload(action)), look, event);
  assert.deepEqual(wakeOf('issue_comment', payload('created', 'Bot')), look, 'another App may command it');
});

test('installations are looked for when they change', () => {
  for (const event of ['installation', 'installation_repositories'])
    assert.deepEqual(wakeOf(event, { action: 'created', installation }), { kind: 'discover' });
});

test('everything else is dropped', () => {
  const dropped: [string, object][] = [
    ['issue_comment', payload('deleted')],
    ['issue_comment', payload('edited', 'Bot')],
    ['star', payload('created')],
    ['__proto__', payload('created')],
    ['constructor', payload()],
    ['push', {}],
    ['push', { repository }],
    ['push', { installation }],
    ['push', { repository: { ...repository, owner: null }, installation }],
    ['push', { repository: { ...repository, id: '20' }, installation }],
  ];
  for (const [event, body] of dropped) assert.equal(wakeOf(event, body), null, event);
});
