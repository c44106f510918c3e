import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDifference, formatNoise, formatSeconds, formatShare, formatValue } from './number.ts';

test('values keep the decimals that their size deserves', () => {
  assert.deepEqual([0.96971, 4.2, 0, 81234.56, 0.0012345, -0.5].map(formatValue), [
    '0.9697',
    '4.2000',
    '0.0000',
    '81234.6',
    '0.001234',
    '-0.5000',
  ]);
});

test('a difference has a sign and the decimals of what it is a difference of', () => {
  assert.equal(formatDifference(-0.00121, 0.97), '−0.0012');
  assert.equal(formatDifference(12.34, 4000), '+12.3');
  assert.equal(formatDifference(0.00001, 0.97), '±0.0000');
  assert.equal(formatDifference(-0.0001, 0.0021), '−0.000100');
});

test('noise, shares and times are short', () => {
  assert.deepEqual([0.00031, 12.34].map(formatNoise), ['0.00031', '12']);
  assert.deepEqual([0.0005, 0.034, 0.5].map(formatShare), ['under 0.1 %', '3.4 %', '50 %']);
  assert.deepEqual([0.84, 95, 300, 9000].map(formatSeconds), ['0.8 s', '95 s', '5 min', '2.5 h']);
});
