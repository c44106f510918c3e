import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLast } from './pattern.ts';

function search(pattern: string, lines: string[]): number | null {
  const found = findLast(pattern);
  for (const line of lines) found.take(line);
  return found.last()?.value ?? null;
}

test('the last line that matches decides', () => {
  const lines = ['p99: 30 ms', 'p99: 12.5 ms', 'done', 'p50: 3 ms'];
  assert.equal(search('p99: (.*) ms', lines), 12.5);
  assert.equal(search('p98: (.*) ms', lines), null);
  // More lines than fit into one batch.
  const many = Array.from({ length: 5000 }, (_, i) => `step ${i} loss=${i / 8}`);
  assert.equal(search(String.raw`loss=(\S+)`, [...many, 'bye']), 4999 / 8);
});

test('numbers are parsed as programs print them, and any other group is not a number', () => {
  const values: [string, number][] = [
    ['-1.5e-3', -0.0015],
    ['+.5', 0.5],
    ['nan', Number.NaN],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['fast', Number.NaN],
    ['0x10', Number.NaN],
    ['', Number.NaN],
  ];
  for (const [text, value] of values) assert.equal(search('^v=(.*)$', ['v=1', `v=${text}`]), value);
});

test('an expression that takes most engines exponentially long is matched at once', () => {
  const hopeless = `v=${'a'.repeat(4000)}!`;
  assert.equal(search('^v=(?:(?:a+)+|(1))$', ['v=1', hopeless]), 1);
  assert.equal(search(String.raw`(?:\w+\s*)+: (\d+)$`, [hopeless, `${'word '.repeat(800)}: 7`]), 7);
});
