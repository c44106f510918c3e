import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectOutput } from './output.ts';

test('of a long line only the beginning is looked at', () => {
  for (const pattern of [undefined, String.raw`^\s*v: (\d+)$`, String.raw`^v: (\d+)`]) {
    const output = collectOutput('v', pattern);
    output.take('v: 1');
    output.take(`${' '.repeat(5000)}v: 2`);
    assert.equal(output.metric(), 1, pattern);
  }
  const output = collectOutput('v', '^(7)');
  output.take(`7${' '.repeat(60_000)}`);
  assert.equal(output.metric(), 7);
});

test('the tail holds the last lines, also after a line that is longer than all of it', () => {
  const output = collectOutput('v');
  output.take('x'.repeat(60_000));
  for (const line of ['Traceback (most recent call last):', '  File "train.py"', 'ValueError: no'])
    output.take(line);
  assert.deepEqual(output.tail().slice(-3), [
    'Traceback (most recent call last):',
    '  File "train.py"',
    'ValueError: no',
  ]);
  for (let i = 0; i < 100_000; i++) output.take('');
  assert.ok(output.tail().length <= 16_000);
});
