import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractSchema } from '../../protocol/contract.ts';
import type { Conditions } from '../../protocol/measurement.ts';
import type { RecordedTrial } from '../marker.ts';
import { plan } from '../plan/plan.ts';
import { campaign, experiment, NOW, snapshot, trial } from '../snapshot.test-helper.ts';
import { disturbance, hadAlike, slowSentences, withoutSlow } from './disturbance.ts';

/** A trial of 300 s that got so many cores, while others took so many of two. */
function on(got: number, othersCores: number | null, clock: Conditions['clock'] = 'wall') {
  return { conditions: { clock, seconds: 300, cpuSeconds: 300 * got, othersCores, cores: 2 } };
}
const CALM = on(1, 0.1);
const BUSY = on(0.3, 1.7);
const of = (more: Partial<RecordedTrial>) => trial('3/1.1', 'tree 1', 1, more);

test('a trial is disturbed if other programs took what it did not get', () => {
  assert.equal(hadAlike(of(CALM), of(BUSY)), false);
  assert.equal(hadAlike(of(CALM), of(on(0.9, 0.2))), true, 'a little less');
  assert.equal(hadAlike(of(CALM), of(on(0.95, 1))), true, 'others had the other core');
  assert.equal(hadAlike(of(CALM), of(on(0.3, 0.1))), true, 'a candidate that uses less by itself');
  assert.equal(hadAlike(of(BUSY), of(on(0.28, 1.72))), true, 'as busy as before');
  assert.equal(hadAlike(of(CALM), of(on(0.3, 1.7, 'cpu'))), true, 'not charged for waiting');
  assert.equal(hadAlike(of(CALM), of(on(0.3, null))), true, 'unknown');
  assert.equal(hadAlike(of(CALM), of({ conditions: null })), true, 'unknown');
});

test('the sentence names both trials and the cores', () => {
  const calm = trial('3/1.2', 'tree 1', 1, CALM);
  assert.match(
    disturbance(of(BUSY), [of(BUSY), calm]) ?? '',
    /^Trial 3\/1\.1 was disturbed: it got 0\.3 cores while other programs took 1\.7 of 2; trial 3\/1\.2 got 1\.0\. /,
  );
  assert.equal(disturbance(calm, [of(BUSY), calm]), null);
});

const baselines = [1, 1.002, 0.998].map((value, i) =>
  trial(`3/0.${i + 1}`, 'champion tree', value, { seed: i + 1, ...CALM }),
);
/** What is planned once the champion and an experiment have these trials. */
function next(trials: RecordedTrial[], champion: RecordedTrial[] = baselines) {
  return plan(
    snapshot({
      contract: { kind: 'contract', contract: contractSchema.parse({}) },
      campaigns: [campaign({ baselines: champion })],
      experiments: [experiment(1, { trials })],
    }),
    NOW,
  );
}
const slow = trial('3/1.1', 'tree 1', 1.4, { seed: 1, ...BUSY });
const slowAgain = trial('3/1.2', 'tree 1', 1.39, { seed: 2, ...BUSY });

test('a disturbed trial is taken again instead of closing the idea', () => {
  assert.equal(next([trial('3/1.1', 'tree 1', 1.4, { seed: 1, ...CALM })]).kind, 'close');
  const again = next([slow]);
  assert.equal(again.kind === 'dispatch' && again.trial, '3/1.2');
});

test('only the repeated trial counts', () => {
  const good = trial('3/1.2', 'tree 1', 0.9, { seed: 2, ...CALM });
  const verdict = next([slow, good]);
  assert.equal(verdict.kind, 'merge');
  assert.equal(verdict.kind === 'merge' && verdict.verdict.value, 0.9);
});

test('a load that stays is met by measuring the champion under it, too', () => {
  const champion = next([slow, slowAgain]);
  assert.equal(champion.kind === 'dispatch' && champion.trial, '3/0.4');
  const under = trial('3/0.4', 'champion tree', 1.5, { seed: 1, ...BUSY });
  const verdict = next([slow, slowAgain], [...baselines, under]);
  assert.notEqual(verdict.kind, 'close');
});

test('a trial that was stopped early because it was disturbed does not close the idea', () => {
  const outcome = { status: 'stopped', value: 1.6, at: 0.5 } as const;
  const stopped = trial('3/1.1', 'tree 1', outcome, { seed: 1, ...BUSY });
  const again = next([stopped]);
  assert.equal(again.kind === 'dispatch' && again.trial, '3/1.2');
  assert.equal(next([{ ...stopped, ...CALM }]).kind, 'close');
});

test('an idea is not measured for ever because every one of its trials is disturbed', () => {
  const misses = Array.from({ length: 9 }, (_, i) =>
    trial(`3/0.${i + 1}`, 'champion tree', 1 + 0.001 * i, { seed: 1 + (i % 3), ...CALM }),
  );
  const trials = Array.from({ length: 8 }, (_, i) =>
    trial(`3/1.${i + 1}`, 'tree 1', 1.4 + 0.001 * i, { seed: i + 1, ...BUSY }),
  );
  const end = next(trials, misses);
  assert.equal(end.kind === 'close' && end.verdict.kind, 'unmeasurable');
});

/** A trial of the champion that took so many steps. */
const stepping = (k: number, num_steps: number, value: number) =>
  trial(`3/0.${k}`, 'champion tree', value, { seed: k, reported: { num_steps } });

test('a baseline that took far fewer steps than the others is taken again, and does not widen the noise', () => {
  const three = [stepping(1, 950, 1), stepping(2, 500, 1.4), stepping(3, 960, 1.002)];
  const again = next([], three);
  assert.equal(again.kind === 'dispatch' && again.trial, '3/0.4');
  const four = [...three, stepping(4, 940, 0.999)];
  const better = trial('3/1.1', 'tree 1', 0.97, { seed: 1 });
  assert.equal(next([better], four).kind, 'merge');
  const unnoticed = four.map(each => ({ ...each, reported: {} }));
  assert.notEqual(next([better], unnoticed).kind, 'merge', 'a difference of 0.03 is nothing beside 0.4');
  assert.deepEqual(slowSentences(four), [
    'Trial 3/0.2 of the champion does not count: it took 500 steps, and trial 3/0.4 took 940. Something else kept the machine busy.',
  ]);
});

test('where most trials are as slow, all count: the machine has changed', () => {
  const paces = [950, 500, 505, 490];
  const trials = paces.map((steps, i) => stepping(i + 1, steps, 1));
  assert.deepEqual(withoutSlow(trials), trials);
});

test('a trial is slow beside trials of the same kind only, and where steps are counted', () => {
  const fast = [stepping(1, 950, 1), stepping(2, 950, 1)];
  for (const more of [{ machine: 'CPU' }, { budgetSeconds: 60 }, { digest: 'd2' }, { reported: {} }])
    assert.equal(withoutSlow([...fast, { ...stepping(3, 100, 1), ...more }]).length, 3, JSON.stringify(more));
  assert.equal(withoutSlow([...fast, stepping(3, 100, 1)]).length, 2);
});

test('of few steps, and of a training that is over at once, nobody can tell whether it was slow', () => {
  const few = [stepping(1, 3, 1), stepping(2, 3, 1), stepping(3, 2, 1)];
  assert.deepEqual(withoutSlow(few), few);
  const brief = [0.06, 0.05, 0.12].map((trainingSeconds, i) => ({
    ...stepping(i + 1, 1, 1),
    trainingSeconds,
  }));
  assert.deepEqual(withoutSlow(brief), brief);
});
