import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressChart } from './chart.ts';
import type { ChartPoint } from './layout.ts';

const minimize = { metric: 'val_bpb', goal: 'minimize' } as const;

function campaign(): ChartPoint[] {
  return [
    { number: 0, value: 1.0, kept: true, title: 'baseline' },
    { number: 1, value: 1.01, kept: false, title: 'depth 8 → 6' },
    { number: 2, value: 0.98, kept: true, title: 'warmdown 0.7 → 0.75' },
    { number: 3, value: null, kept: false, title: 'batch ×64' },
    { number: 4, value: 1.0, kept: false, title: 'softcap 15 → 30' },
    { number: 5, value: 0.97, kept: true, title: 'momentum <0.95> & friends' },
  ];
}

/** Vertical positions in pixels of the dots of one colour; the legend's dots are not matched. */
function dots(svg: string, fill: string): number[] {
  const pattern = new RegExp(`transform="matrix\\([^)]*?,([\\d.]+)\\)" fill="${fill}"`, 'g');
  return [...svg.matchAll(pattern)].map(match => Number(match[1]));
}

test('the heading counts the experiments and the improvements, and shows the first and the best value', () => {
  const svg = progressChart(campaign(), minimize);
  assert.match(svg, /autoresearch progress: 5 experiments, 2 improvements kept/);
  assert.match(svg, /val_bpb, lower is better {2}· {2}1\.0000 → 0\.9700 {2}· {2}1 without a result/);
});

test('only kept experiments carry their title', () => {
  const svg = progressChart(campaign(), minimize);
  assert.match(svg, /warmdown 0\.7 → 0\.75/);
  assert.doesNotMatch(svg, /softcap/);
});

test('a title from a model cannot break out of its text', () => {
  assert.match(progressChart(campaign(), minimize), /momentum &lt;0\.95&gt; &amp; friends/);
});

test('the same points give the same SVG, regardless of charts drawn before', () => {
  const first = progressChart(campaign(), minimize);
  progressChart([], minimize);
  assert.ok(progressChart([...campaign()].reverse(), minimize) === first);
});

test('one extreme outlier does not flatten the rest', () => {
  const calm = dots(progressChart(campaign(), minimize), '#2e9e5b');
  const outlier = { number: 6, value: 50, kept: false, title: 'lr × 100' };
  const svg = progressChart([...campaign(), outlier], minimize);
  assert.match(svg, /1 beyond the axis/);
  const spread = (ys: number[]) => Math.max(...ys) - Math.min(...ys);
  assert.ok(calm.length >= 3, 'the kept dots are found in the picture');
  assert.ok(spread(dots(svg, '#2e9e5b')) > 0.8 * spread(calm));
});

test('titles of neighbours do not overlap, and all are shown if there is room', () => {
  const crowd = [0, 1, 2, 3, 4, 5].map(number => ({
    number,
    value: 1 - number * 1e-4,
    kept: true,
    title: `a long title of idea number ${number}`,
  }));
  const far = { number: 100, value: 0.9, kept: true, title: 'far away' };
  const svg = progressChart([...crowd, far], minimize);
  const labels = [...svg.matchAll(/<text[^>]*matrix\(0\.866,[^,]*,[^,]*,0\.866,([\d.]+),([\d.]+)\)[^>]*>/g)];
  const across = labels
    .map(([, x, y]) => Number(x) * 0.5 + Number(y) * Math.cos(Math.PI / 6))
    .sort((a, b) => a - b);
  assert.equal(labels.length, 7, 'six neighbours and the far one');
  for (const [i, position] of across.entries()) {
    const before = across[i - 1];
    assert.ok(
      before === undefined || position - before > 12,
      `${position} and ${before} are one label's height apart`,
    );
  }
});

test('a campaign without results still has a chart', () => {
  assert.match(progressChart([], minimize), /0 experiments, 0 improvements kept/);
  const crashed = [{ number: 1, value: null, kept: false, title: 'boom' }];
  assert.match(progressChart(crashed, minimize), /1 experiment, 0 improvements kept/);
});
