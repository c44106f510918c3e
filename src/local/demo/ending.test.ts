import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from './board.ts';
import { ending } from './ending.ts';

function row(number: number, kind: string, value: number): Row {
  const title = `idea ${number}`;
  return { number, pull: number + 1, title, value, championValue: 4.07, verdict: { kind, noise: 0.0072 } };
}

const url = 'http://127.0.0.1:4000';
const end = {
  metric: 'val_bpb',
  goal: 'minimize',
  first: 4.0699,
  champion: 3.8208,
  rows: [row(1, 'merge', 3.8208), row(2, 'close', 4.1), row(3, 'close', 4.2), row(4, 'near miss', 4.06)],
  page: `${url}/you/lab/issues/1`,
  connection: { url, token: 'secret', owner: 'you', repo: 'lab', from: '/lab', own: false },
  dir: '/somewhere/else',
  logs: 'logs',
  stays: true,
} as const;

test('the demo ends with its result in a sentence, and why the others were closed', () => {
  const text = ending(end);
  assert.match(
    text,
    /^Result: 1 change of 4 made the model better and was merged: val_bpb went from 4\.0699 to 3\.8208 \(−0\.2491; lower is better\)\.$/m,
  );
  assert.match(
    text,
    /^Not merged: 2 did not score better than the champion, 1 scored better, but not by more than chance can explain\./m,
  );
  assert.match(text, /^Noise: two trials of the same code typically differ by 0\.010 val_bpb/m);
});

test('and with what to do next', () => {
  const text = ending(end);
  assert.ok(text.includes(`comment "/research 3" on ${url}/you/lab/issues/1/comment`));
  assert.match(text, /^ {2}check +npm run autoresearch -- verify \/somewhere\/else /m);
  assert.doesNotMatch(ending({ ...end, rows: end.rows.slice(1) }), /verify/, 'there is no merge to check');
  assert.ok(text.includes(`${url}/api/v3/repos/you/lab/issues/1/comments`));
  assert.ok(text.includes(`git clone ${url}/you/lab.git`));
  const over = ending({ ...end, stays: false });
  assert.doesNotMatch(over, /127\.0\.0\.1|Ctrl-C/, 'nothing of a server that is gone');
});

test('a campaign without a merge does not claim a success', () => {
  const rows = [row(1, 'close', 4.1), row(2, 'crash', 4.1)];
  const text = ending({ ...end, rows, champion: 4.0699 });
  assert.match(text, /^Result: none of 2 changes made the model better beyond doubt, so none was merged\.$/m);
  assert.match(text, /1 crashed/);
});
