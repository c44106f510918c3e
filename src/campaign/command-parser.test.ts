import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCommand } from './command-parser.ts';

const BOT = 'autoresearch-bot';
const start = { kind: 'start', experiments: 50, parallel: null, budgetSeconds: null, agent: null, topic: '' };

/** What people type, and what is read: a command, the start of an answer's sentence, or null where it is not for the bot. */
type Table = [typed: string, read: object | RegExp | null][];

const named = (kind: string) => ({ kind });
const wish = (topic: string, more: object = {}) => ({ ...start, topic, ...more });

const TABLES: Record<string, Table> = {
  'a number, options and a hint, in any order': [
    ['/research 50', start],
    [
      '/research 50 --parallel 4 look into --budget=90s the schedule --agent gpt',
      wish('look into the schedule', { parallel: 4, budgetSeconds: 90, agent: 'gpt' }),
    ],
    ['/research 50 look into the schedule', wish('look into the schedule')],
    ['/research 50 — look into the schedule', wish('look into the schedule')],
    ['/research 50 -- look into the schedule', wish('look into the schedule')],
    ['/research 50 warmup — and decay', wish('warmup — and decay')],
    ['/research 50 warmup —especially its end', wish('warmup —especially its end')],
    ['/research 50 LR=0.1 or -0.5', wish('LR=0.1 or -0.5')],
    ['/research 50 a budget for parallel attention', wish('a budget for parallel attention')],
  ],
  'options by any dash, sign or unit': [
    ['/research 50 —budget 10m', wish('', { budgetSeconds: 600 })],
    ['/research 50 ––parallel 4', wish('', { parallel: 4 })],
    ['/research 50 —agent gpt', wish('', { agent: 'gpt' })],
    ['/research 50 -parallel 4', wish('', { parallel: 4 })],
    ['/research 50 −−budget 10m', wish('', { budgetSeconds: 600 })],
    ['/research 50 －－parallel ４', wish('', { parallel: 4 })],
    ['/research 50 --budget 10 m', wish('', { budgetSeconds: 600 })],
    ['/research 50 --budget 10 min the schedule', wish('the schedule', { budgetSeconds: 600 })],
    ['/research 50 --budget 10min', wish('', { budgetSeconds: 600 })],
    ['/research 50 --budget 1,5h', wish('', { budgetSeconds: 5400 })],
    ['/research 50 --budget 10m.', wish('', { budgetSeconds: 600 })],
    ['/research 50 --budget = 10 minutes', wish('', { budgetSeconds: 600 })],
    ['/research 50 --parallel=4', wish('', { parallel: 4 })],
    ['/research 50 --PARALLEL 4', wish('', { parallel: 4 })],
    ['/research 50 budget=10m', wish('', { budgetSeconds: 600 })],
    ['/research 50 Budget: 10m', wish('', { budgetSeconds: 600 })],
    ['/research 50 --agent “explore”', wish('', { agent: 'explore' })],
    ['/research 50 --agent Explore', wish('', { agent: 'Explore' })],
  ],
  'numbers as they are written': [
    ['/research 1 000', wish('', { experiments: 1000 })],
    ['/research 1\u00a0000', wish('', { experiments: 1000 })],
    ['/research 1,000 --parallel 2', wish('', { experiments: 1000, parallel: 2 })],
    ["/research 1'000", wish('', { experiments: 1000 })],
    ['/research ５０', start],
    ['/research 50.', start],
    ['/research +50', start],
    ['/research 50, please', start],
    ['/research 50 experiments', start],
    ['/research 50 experiments on the schedule', wish('on the schedule')],
    ['/research 5 100 layers', /can mean 5 experiments or 5100/],
    ['/research 1.000', /whole number .* found `1.000`/],
    ['/research 2.5', /whole number .* found `2.5`/],
    ['/research 1,5', /found `1,5`/],
    ['/research 5O', /found `5O`/],
    ['/research 0', /from 1 to 10000, found `0`/],
    ['/research -3', /found `-3`/],
    ['/research 100000', /from 1 to 10000, found `100000`/],
    ['/research fifty', /Expected a number of experiments .* found `fifty`/],
    ['/research start 50', /found `start`. Did you mean `\/research 50`\?/],
  ],
  'the command, however it starts': [
    [' /research 50', start],
    ['\n\n/research 50', start],
    ['\ufeff/research 50', start],
    ['\u200b/research 50', start],
    ['/research\u00a050', start],
    ['/research\u300050', start],
    ['/research\u280050', start],
    ['/research\u200b50', start],
    ['/research\n50', start],
    ['/research\r50', start],
    ['/Research 50', start],
    ['/RESEARCH STATUS', named('status')],
    ['/research50', start],
    ['/research:50', start],
    ['/research-status', named('status')],
    ['/ research 50', start],
    ['／research 50', start],
    ['\\research 50', start],
    ['`/research 50`', start],
    ['**/research 50**', start],
    ['“/research 50”', start],
    ['- /research 50', start],
    ['<!-- note -->\n/research 50', start],
    ['<!-- a\n/research 7\n-->/research 50', start],
    ['Hi all,\n/research 50', start],
    ['Hi all, /research 50', start],
    ['please /research 50', start],
    ["Let's see what a longer schedule does tonight.\n\n/research 50", start],
    ['> how about fifty?\n\n/research 50', start],
    ['@autoresearch-bot /research 50', start],
    ['@autoresearch-bot research 50', start],
    ['@autoresearch-bot[bot] status', named('status')],
    ['@Autoresearch-Bot: status, please', named('status')],
    ['@alice @bob /research 50', start],
  ],
  'the lines after a command': [
    ['/research 50\n\nlook into the schedule', wish('look into the schedule')],
    [
      '/research 50 the schedule,\nand --parallel 2 the width',
      wish('the schedule, and the width', { parallel: 2 }),
    ],
    ['/research 50\nThank you!', start],
    ['/research 50\n> old text', start],
    ['/research 50\n\nOn Monday, Bob wrote:\n> fine', start],
    ['/research 50\n-- \nAlice', start],
    ['/research status\r\nthe numbers look odd', named('status')],
    ['/research try\n```python\nLR = 0.1\n```', { kind: 'try', idea: 'LR = 0.1' }],
    [
      '/research try  a --parallel 3 deeper model, fixes #1\nor wider',
      { kind: 'try', idea: 'a --parallel 3 deeper model, fixes #1 or wider' },
    ],
  ],
  'commands without arguments': [
    ...['status', 'pause', 'resume', 'stop', 'help', 'keep', 'discard', 'rerun'].map(
      kind => [`/research ${kind}`, named(kind)] satisfies Table[number],
    ),
    ['/research Stop.', named('stop')],
    ['/research status please 🙏', named('status')],
    ['/research pause now, and tell me', /takes no arguments|pause/],
    ['/research pause until tomorrow', /takes no arguments, found `until`/],
  ],
  'characters that cannot be seen': [
    ['/research try \u202eLR\u200b = \u001b[31m0.1\u0000\u2069', { kind: 'try', idea: 'LR = 0.1' }],
    ['/research 50\u200b', start],
  ],
  'what is not for the bot': [
    ['hello', null],
    ['', null],
    ['> /research 5', null],
    ['> Alice wrote:\n> /research 5\n\nI agree', null],
    ['Type this:\n```\n/research 5\n```\nthen wait', null],
    ['~~~\nsay\n/research 5', null],
    ['It works:\n\n    /research 5', null],
    ['<pre>\n/research 5\n</pre>\nis the command', null],
    ['<!-- /research 5 -->', null],
    ['You can start a campaign with `/research 5` on any issue', null],
    ['In the end it was I who said /research 5 yesterday', null],
    ['The commands:\n- `/research 50` starts fifty\n- `/research stop` ends it', null],
    ['/review', null],
    ['/search 50', null],
    ['/research-notes.md has more', null],
    ['thanks, @autoresearch-bot!', null],
    ['@autoresearch-bot thank you!', null],
    ['@bot status', null],
  ],
  'what is answered with what was understood': [
    ['    /research 50', /code blocks are not carried out\. If you meant it, comment `\/research 50`/],
    ['```\n/research 50\n```', /If you meant it, comment `\/research 50`/],
    ['Use this:\n- /research 50', /A command starts its line.* comment `\/research 50`/],
    ['`/research 50` starts fifty', /comment `\/research 50`/],
    ['can you /research 50', /A command starts its line.* comment `\/research 50`/],
    ['/reserch status', /start with `\/research`, found `\/reserch`.* comment `\/research status`/],
    ['/reasearch 50', /comment `\/research 50`/],
    ['/reserch 5O', /found `5O`/],
    ['@bot research', /needs a command or a number/],
    ['@autoresearch-bot', /Expected a command.*`\/research 50`/],
    ['@autoresearch-bot 3 of these failed', /comment `\/research 3 of these failed`/],
    ['@autoresearch-bot what is this?', /Expected a command, found `what is this\?`/],
    ['/research 50 /research status', /Found 2 commands in one comment/],
    ['/research pause\n/research status', /Found 2 commands in one comment/],
    ['/research 50 --parallel=4 --parallel=2', /`--parallel` is given twice: `4` and `2`/],
    ['/research 50 parallel 4', /may be a hint or an option.*`--parallel 4`/],
    ['/research 50 --budget 10', /found `10`. Write `10s` or `10m`/],
    ['/research 50 --Budjet 10m', /Did you mean `--budget`\?/],
    ['/research 50 —agnt gpt', /Did you mean `--agent`\?/],
    ['/research 50 paralel=2', /Did you mean `--parallel`\?/],
    ['/research 5 --colour red', /Options: `--parallel`, `--budget`, `--agent`\./],
    ['/research 5 --parallel', /needs a value, for example `--parallel 4`/],
    ['/research 5 --parallel --budget 5m', /needs a value, for example `--parallel 4`/],
    ['/research 5 --parallel 0', /whole number from 1 to 64, found `0`/],
    ['/research 5 --budget soon', /duration such as 90s, 5m or 1h, at most 24h, found `soon`/],
    [`/research 5 ${'x'.repeat(1001)}`, /at most 1000 characters, found 1001/],
    ['/research', /needs a command or a number of experiments/],
    ['/research statsu', /Did you mean `\/research status`\?/],
    ['/research kep', /Did you mean `\/research keep`\?/],
    ['/research try', /needs an idea/],
    [`/research try ${'x'.repeat(501)}`, /at most 500 characters, found 501/],
    ['/research `rm`', /found `'rm'`/],
  ],
};

describe('a comment as people type it', () => {
  for (const [name, table] of Object.entries(TABLES))
    test(name, () => {
      for (const [typed, expected] of table) {
        const read = parseCommand(typed, BOT);
        const shown = JSON.stringify(typed);
        if (expected === null) assert.equal(read, null, shown);
        else if (expected instanceof RegExp) {
          assert.equal(read?.kind, 'mistake', shown);
          assert.match(read?.kind === 'mistake' ? read.message : '', expected, shown);
        } else assert.deepEqual(read, { kind: 'command', command: expected }, shown);
      }
    });
});
