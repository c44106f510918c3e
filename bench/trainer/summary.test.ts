import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from './measure.ts';
import { summary } from './summary.ts';

const trial: Trial = {
  device: 'cpu',
  valBpb: 2.5,
  tokensPerSecond: 980,
  stepsShare: 0.985,
  mfuPercent: 0,
  startupSeconds: 2,
  scoringSeconds: 3,
  auditSeconds: 9,
};
const bare = { tokensPerSecond: 1000, sizes: { depth: 2, width: 128, heads: 2, tokens: 1024 } };

function verdicts(change: Partial<Trial>, gpt2Bpb = 3): Record<string, string> {
  const table = summary({
    trainer: [{ ...trial, ...change }],
    bare: [bare],
    gpt2: [{ ...trial, valBpb: gpt2Bpb }],
  });
  const cells = table.split('\n').map(line => line.split('|').map(cell => cell.trim()));
  return Object.fromEntries(cells.filter(row => row[4] && row[3] !== 'goal').map(row => [row[1], row[4]]));
}

test('each goal is met or missed by its own number', () => {
  const names = Object.keys(verdicts({})).filter(name => name.includes(' '));
  assert.equal(names.length, 4);
  const missed = (change: Partial<Trial>, gpt2Bpb?: number) =>
    Object.entries(verdicts(change, gpt2Bpb)).flatMap(([name, met]) => (met === '**no**' ? [name] : []));
  assert.deepEqual(missed({}), []);
  assert.deepEqual(missed({ stepsShare: 0.97 }), ['share of the time in steps']);
  assert.deepEqual(missed({ tokensPerSecond: 960 }), ['tokens per second against a bare loop']);
  assert.deepEqual(missed({ auditSeconds: 58 }), ['scoring and audit']);
  assert.deepEqual(missed({}, 2.54), ['val_bpb against a GPT-2 script'], 'lower, but not clearly');
});

test('speeds are compared over all rounds, and the rounds are told', () => {
  const table = summary({
    trainer: [trial, { ...trial, tokensPerSecond: 490 }],
    bare: [bare, { ...bare, tokensPerSecond: 500 }],
    gpt2: [trial],
  });
  assert.match(table, /0\.980 \(735 of 750\)/);
  assert.match(table, /by round: 0\.980, 0\.980/);
});

test('where the rounds contradict each other, or the bare loop was slower, nothing is said about speed', () => {
  const verdict = (first: number, second: number) =>
    summary({
      trainer: [
        { ...trial, tokensPerSecond: first },
        { ...trial, tokensPerSecond: second },
      ],
      bare: [bare, bare],
      gpt2: [trial],
    });
  const unsure = /against a bare loop .*too busy to tell/;
  assert.doesNotMatch(verdict(980, 990), unsure);
  assert.match(verdict(900, 1040), unsure);
  assert.match(verdict(1200, 1210), unsure);
});
