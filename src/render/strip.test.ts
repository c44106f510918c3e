import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripPlot } from './strip.ts';

/** Of a phone that is 390 px wide: GitHub's code blocks have 310 px, and a character has 7.2 px. */
const PHONE_CHARACTERS = 43;

test('trials are above their mean, on one scale', () => {
  assert.equal(
    stripPlot([
      { label: 'this idea', values: [1, 2], mean: 1.5, error: 0.25 },
      { label: 'champion', values: [3, 3, 3.9], mean: 3.3, error: 0.6 },
    ]),
    [
      'this idea o         o',
      '             ├─┼──┤',
      'champion                      2        o',
      '                           ├─────┼─────┤',
      '          1.0000                  3.9000',
    ].join('\n'),
  );
});

test('it fits a phone, whatever the numbers are', () => {
  const numbers = [0, 1.5e-7, -12345.678, 3e12, 0.97, 1e20];
  for (const a of numbers)
    for (const b of numbers) {
      const plot = stripPlot([
        { label: 'this idea', values: [a, a], mean: a, error: null },
        { label: 'champion', values: Array.from({ length: 12 }, () => b), mean: b, error: Math.abs(b) / 7 },
      ]);
      for (const line of plot.split('\n')) {
        assert.ok(line.length <= PHONE_CHARACTERS, line);
        assert.doesNotMatch(line, /NaN|undefined/);
      }
    }
});

test('a score that never varies is in the middle, and many trials in one place are counted', () => {
  const plot = stripPlot([
    { label: 'this idea', values: [2, 2, 2], mean: 2, error: 0 },
    { label: 'champion', values: Array.from({ length: 12 }, () => 2), mean: 2, error: null },
  ]);
  assert.match(plot, /^this idea +3$/m);
  assert.match(plot, /^champion +\+$/m);
  assert.match(plot, /^ +2\.0000$/m);
});
