import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Step } from '../../gate/knowledge.ts';
import type { Experiment } from '../model.ts';
import {
  BASELINES,
  CRASH,
  campaign,
  experiment,
  PREVIEWED,
  STOPPED,
  sha,
  snapshot,
  trial,
} from '../snapshot.test-helper.ts';
import { historyOf } from './history.ts';

/** An idea that was tried on the champion with this tree. */
function idea(number: number, on: string, state: Experiment['state'], ...values: number[]): Experiment {
  const trials = values.map((value, i) =>
    trial(`3/${number}.${i + 1}`, `tree ${number}`, value, { seed: i + 1 }),
  );
  return experiment(number, { champion: { sha: sha(on), tree: sha(on) }, trials }, { state });
}

/** A short description of the history. */
function describeHistory(experiments: Experiment[], champion: string, baselines = BASELINES): string[] {
  const shown = snapshot({ experiments, campaigns: [campaign({ baselines })] });
  return historyOf(shown, sha(champion), ({ machine }) => machine === 'GPU').map(describeStep);
}

function describeStep(step: Step): string {
  if (step.kind === 'moved') return 'moved';
  if (step.kind === 'stopped') return `stopped ${step.sample.value.toFixed(3)}@${step.sample.seed}`;
  const values = step.samples.map(({ seed, value }) => `${value}@${seed}`).join(' ');
  if (step.kind === 'champion') return `champion ${values}`;
  return `${step.merged ? 'merged' : 'closed'} ${values}`;
}

const FIRST = ['moved', 'champion 1@1 1.002@2 0.998@3'];

test('baselines come first, then closed ideas on the champion, then the idea that became the next one', () => {
  const experiments = [
    idea(4, 'tree 2', 'closed', 0.97),
    idea(1, 'champion tree', 'closed', 1.01),
    idea(2, 'champion tree', 'merged', 0.95, 0.951),
    idea(3, 'champion tree', 'closed', 1.02),
    idea(5, 'tree 2', 'open', 0.94),
  ];
  assert.deepEqual(describeHistory(experiments, 'tree 2'), [
    ...FIRST,
    'closed 1.01@1',
    'closed 1.02@1',
    'merged 0.95@1 0.951@2',
    'closed 0.97@1',
  ]);
});

test('for an older champion, its successor is one of the ideas that were tried on it', () => {
  const experiments = [idea(1, 'champion tree', 'merged', 0.95), idea(2, 'tree 1', 'closed', 0.97)];
  assert.deepEqual(describeHistory(experiments, 'champion tree'), [
    'moved',
    'closed 0.97@1',
    ...FIRST,
    'closed 0.95@1',
  ]);
});

test('code that a person pushed has its own level, and older trials only show the noise', () => {
  const pushed = [0.9, 0.901].map((value, i) => trial(`3/0.${i + 4}`, 'pushed', value, { seed: i + 1 }));
  const experiments = [idea(1, 'champion tree', 'merged', 0.95), idea(2, 'pushed', 'closed', 0.92)];
  assert.deepEqual(describeHistory(experiments, 'pushed', [...BASELINES, ...pushed]), [
    ...FIRST,
    'closed 0.95@1',
    'moved',
    'champion 0.9@1 0.901@2',
    'closed 0.92@1',
  ]);
});

test('trials that crashed, ran on other machines or measured an older version of the idea do not count', () => {
  const mixed = idea(1, 'champion tree', 'closed', 1.01);
  mixed.marker.trials.push(
    trial('3/1.2', 'tree 1', CRASH),
    trial('3/1.3', 'tree 1', 1.5, { machine: 'CPU' }),
    trial('3/1.4', 'another tree', 1.5),
  );
  const elsewhere = idea(2, 'champion tree', 'closed');
  assert.deepEqual(describeHistory([mixed, elsewhere], 'champion tree'), [...FIRST, 'closed 1.01@1']);
});

test('after a merge that no comparable trial measured, the level is unknown', () => {
  const unmeasured = idea(1, 'champion tree', 'merged');
  assert.deepEqual(describeHistory([unmeasured, idea(2, 'tree 1', 'closed', 0.9)], 'tree 1'), [
    ...FIRST,
    'moved',
    'closed 0.9@1',
  ]);
});

test('a stopped trial counts as a projection, once it is known how far off previews are', () => {
  const stopped = idea(1, 'champion tree', 'closed');
  stopped.marker.trials.push(trial('3/1.1', 'tree 1', STOPPED));
  const known = describeHistory(
    [stopped, idea(2, 'champion tree', 'closed', 1.01)],
    'champion tree',
    PREVIEWED,
  );
  assert.deepEqual(known.slice(2), ['stopped 1.100@1', 'closed 1.01@1']);
  assert.deepEqual(describeHistory([stopped], 'champion tree'), FIRST);
  // If a person asked for another trial, its score counts instead.
  stopped.marker.trials.push(trial('3/1.2', 'tree 1', 1.02));
  assert.deepEqual(describeHistory([stopped], 'champion tree', PREVIEWED).slice(2), ['closed 1.02@1']);
});

test('a merge that restores an earlier champion does not repeat the history', () => {
  const there = idea(1, 'champion tree', 'merged', 0.95);
  const back = idea(2, 'tree 1', 'merged', 0.99);
  back.marker.tree = sha('champion tree');
  back.marker.trials = [trial('3/2.1', 'champion tree', 0.99)];
  assert.deepEqual(describeHistory([there, back], 'tree 1'), [...FIRST, 'merged 0.95@1', 'closed 0.99@1']);
});
