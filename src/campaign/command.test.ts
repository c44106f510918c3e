import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand } from './command.ts';

const start = { kind: 'start', experiments: 50, parallel: null, budgetSeconds: null, agent: null, topic: '' };

test('a number starts a campaign; options and a topic follow in any order', () => {
  assert.deepEqual(parseCommand('/research 50'), { kind: 'command', command: start });
  assert.deepEqual(
    parseCommand('/research 50 --parallel 4 look into --budget=90s the schedule --agent gpt'),
    {
      kind: 'command',
      command: { ...start, parallel: 4, budgetSeconds: 90, agent: 'gpt', topic: 'look into the schedule' },
    },
  );
});

test('commands without arguments', () => {
  for (const kind of ['status', 'pause', 'resume', 'stop', 'help', 'keep', 'discard', 'rerun'])
    assert.deepEqual(parseCommand(`/research ${kind}\r\nthanks!`), { kind: 'command', command: { kind } });
});

test('everything after `try` is the idea, even if it looks like an option', () => {
  const idea = 'a --parallel 3 deeper model, fixes #1';
  assert.deepEqual(parseCommand(`/research try  ${idea}\nplease`), {
    kind: 'command',
    command: { kind: 'try', idea },
  });
});

test('characters that cannot be seen are not part of a command', () => {
  const seen = { kind: 'command', command: { kind: 'try', idea: 'LR = 0.1' } };
  assert.deepEqual(parseCommand('/research try \u202eLR\u200b = \u001b[31m0.1\u0000\u2069'), seen);
  assert.deepEqual(parseCommand('/research 50\u200b'), { kind: 'command', command: start });
});

test('a command counts only at the start of the first line', () => {
  for (const body of [
    'hello',
    'please /research 5',
    '> /research 5',
    '`/research 5`',
    '    /research 5',
    'hi\n/research 5',
    '/researcher 5',
    '',
  ])
    assert.equal(parseCommand(body), null, body);
});

test('the error for a mistake says what was expected and what was found', () => {
  const answers: [string, RegExp][] = [
    ['/research', /needs a command or a number of experiments/],
    ['/research fifty', /Expected a number of experiments .* found `fifty`/],
    ['/research 0', /from 1 to 10000, found `0`/],
    ['/research -3', /found `-3`/],
    ['/research 2.5', /whole number .* found `2.5`/],
    ['/research 100000', /from 1 to 10000, found `100000`/],
    ['/research statsu', /Did you mean `\/research status`\?/],
    ['/research pause now', /takes no arguments, found `now`/],
    ['/research try', /needs an idea/],
    [`/research try ${'x'.repeat(501)}`, /at most 500 characters, found 501/],
    ['/research kep', /Did you mean `\/research keep`\?/],
    ['/research 5 --paralel 2', /Did you mean `--parallel`\?/],
    ['/research 5 --colour red', /Options: `--parallel`, `--budget`, `--agent`\./],
    ['/research 5 --parallel', /needs a value, for example `--parallel 4`/],
    ['/research 5 --parallel 0', /whole number from 1 to 64, found `0`/],
    ['/research 5 --budget soon', /duration such as 90s, 5m or 1h, at most 24h, found `soon`/],
    ['/research `rm`', /found `'rm'`/],
  ];
  for (const [body, expected] of answers) {
    const parsed = parseCommand(body);
    assert.equal(parsed?.kind, 'mistake', body);
    assert.match(parsed?.kind === 'mistake' ? parsed.message : '', expected, body);
  }
});
