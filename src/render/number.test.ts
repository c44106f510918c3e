import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactNumber } from '../text/exact-number.ts';
import {
  formatComparison,
  formatCount,
  formatDifference,
  formatNoise,
  formatOdds,
  formatOneIn,
  formatSeconds,
  formatShare,
  formatValue,
} from './number.ts';

test('a value has as many decimals as its size calls for', () => {
  assert.deepEqual([0.96971, 4.2, 0, 81234.56, 0.0012345, -0.5].map(formatValue), [
    '0.9697',
    '4.2000',
    '0.0000',
    '81234.6',
    '0.001234',
    '-0.5000',
  ]);
});

test('nothing but zero reads as zero, however small or large', () => {
  assert.deepEqual([1.5e-7, -2e-12, 0.00015, 3e-5, 1.5e12].map(formatValue), [
    '1.500e-7',
    '-2.000e-12',
    '0.0001500',
    '0.00003000',
    '1.500e+12',
  ]);
  assert.equal(formatDifference(1.5e-7, 0), '+1.500e-7');
  assert.equal(formatDifference(-1e-8, 1.5e-7), '−1.000e-8');
  assert.equal(formatDifference(0, 1.5e-7), '±0');
  assert.equal(formatComparison(1.4e-7, 1.5e-7, 'minimize'), '1.000e-8 better than');
  assert.deepEqual([1.5e-7, 0.0015, 0, 0.25, 1e20].map(exactNumber), [
    '1.50000e-7',
    '0.00150000',
    '0.000000',
    '0.250000',
    '1.00000e+20',
  ]);
});

test('a difference has a sign, and the decimals of the value it is compared with', () => {
  assert.equal(formatDifference(-0.00121, 0.97), '−0.0012');
  assert.equal(formatDifference(12.34, 4000), '+12.3');
  assert.equal(formatDifference(0.00001, 0.97), '±0.0000');
  assert.equal(formatDifference(-0.0001, 0.0021), '−0.000100');
});

test('a comparison says better or worse by the goal, and equal where no shown digit differs', () => {
  assert.equal(formatComparison(0.9697, 0.9709, 'minimize'), '0.0012 better than');
  assert.equal(formatComparison(0.9697, 0.9709, 'maximize'), '0.0012 worse than');
  assert.equal(formatComparison(0.97091, 0.9709, 'minimize'), 'equal to');
});

test('noise has two significant digits', () => {
  assert.deepEqual([0, 5.14e-7, 0.00031, 0.2, 12.34, 1234].map(formatNoise), [
    '0',
    '5.1e-7',
    '0.00031',
    '0.20',
    '12',
    '1200',
  ]);
});

test('a share is never rounded to certainty', () => {
  assert.deepEqual([0, 0.0005, 0.034, 0.5, 0.992, 0.99995, 1].map(formatShare), [
    'under 0.1%',
    'under 0.1%',
    '3.4%',
    '50%',
    '99.2%',
    'over 99.9%',
    'over 99.9%',
  ]);
});

test('durations and counts carry their unit', () => {
  assert.deepEqual([0.84, 95, 300, 9000].map(formatSeconds), ['0.8 s', '95 s', '5 min', '2.5 h']);
  assert.deepEqual([formatCount(1, 'trial'), formatCount(2, 'trial')], ['1 trial', '2 trials']);
});

test('how often ideas help is said as one in so many', () => {
  assert.deepEqual([0.1, 0.095, 0.066, 0.5, 0.6, 1e-9, -1e-16].map(formatOneIn), [
    'about one idea in ten helps',
    'about one idea in 11 helps',
    'about one idea in 15 helps',
    'about one idea in two helps',
    'about 60% of ideas help',
    'less than one idea in 999 helps',
    'less than one idea in 999 helps',
  ]);
});

test('odds are as people say them', () => {
  const cases = [
    [0.5, 'even'],
    [0.52, 'even'],
    [0.6, '3 to 2'],
    [0.4, '2 to 3'],
    [0.8, '4 to 1'],
    [0.95, '19 to 1'],
    [0.05, '1 to 19'],
    [0.998, '500 to 1'],
    [0.9999, 'over 999 to 1'],
    [1, 'over 999 to 1'],
    [0, 'under 1 to 999'],
    [-1e-16, 'under 1 to 999'],
    [1 + 1e-15, 'over 999 to 1'],
  ] as const;
  for (const [probability, odds] of cases) assert.equal(formatOdds(probability), odds);
  for (let p = 0.002; p < 0.998; p += 0.001) {
    const mirrored = formatOdds(1 - p)
      .split(' to ')
      .reverse()
      .join(' to ');
    if (Math.abs(p - 0.5) > 0.01) assert.equal(formatOdds(p), mirrored, `${p}`);
  }
});
