import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressChart } from './chart.ts';
import type { ChartPoint } from './layout.ts';

const minimize = { metric: 'val_bpb', goal: 'minimize' } as const;

/** A point that was compared with a champion at 1.0. */
function point(
  number: number,
  value: number | null,
  kept: boolean,
  title: string,
  error = 0.004,
): ChartPoint {
  return { number, value, error: value === null ? null : error, championValue: 1, kept, title };
}

function campaign(): ChartPoint[] {
  return [
    point(0, 1.0, true, 'baseline'),
    point(1, 1.01, false, 'depth 8 → 6'),
    point(2, 0.98, true, 'warmdown 0.7 → 0.75'),
    point(3, null, false, 'batch ×64'),
    point(4, 1.0, false, 'softcap 15 → 30'),
    point(5, 0.97, true, 'momentum <0.95> & friends'),
  ];
}

/** Vertical positions in pixels of the dots of one colour; the legend's dots are not matched. */
function dots(svg: string, fill: string): number[] {
  const pattern = new RegExp(`transform="matrix\\([^)]*?,([\\d.]+)\\)" fill="${fill}"`, 'g');
  return [...svg.matchAll(pattern)].map(match => Number(match[1]));
}

test('the heading counts the experiments and the improvements, and shows the first and the best value', () => {
  const svg = progressChart(campaign(), minimize);
  assert.match(svg, /autoresearch: 5 experiments, 2 merged/);
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
  const outlier = point(6, 50, false, 'lr × 100');
  const svg = progressChart([...campaign(), outlier], minimize);
  assert.match(svg, /1 beyond the axis/);
  const spread = (ys: number[]) => Math.max(...ys) - Math.min(...ys);
  assert.ok(calm.length >= 3, 'the kept dots are found in the picture');
  assert.ok(spread(dots(svg, '#2e9e5b')) > 0.8 * spread(calm));
});

test('titles of neighbours do not overlap, and all are shown if there is room', () => {
  const crowd = [0, 1, 2, 3, 4, 5].map(number =>
    point(number, 1 - number * 1e-4, true, `a long title of idea number ${number}`),
  );
  const far = point(100, 0.9, true, 'far away');
  const svg = progressChart([...crowd, far], minimize);
  const labels = [...svg.matchAll(/<text[^>]*matrix\(0\.866,[^,]*,[^,]*,0\.866,([\d.]+),([\d.]+)\)[^>]*>/g)];
  const across = labels
    .map(([, x, y]) => Number(x) * 0.5 + Number(y) * Math.cos(Math.PI / 6))
    .sort((a, b) => a - b);
  assert.equal(labels.length, 7, 'six neighbours and the far one');
  for (const [i, position] of across.entries()) {
    const before = across[i - 1];
    assert.ok(
      before === undefined || position - before > 15,
      `${position} and ${before} are one label's height apart`,
    );
  }
});

test('a campaign without results still has a chart', () => {
  assert.match(progressChart([], minimize), /0 experiments, 0 merged/);
  const crashed = [point(1, null, false, 'boom')];
  assert.match(progressChart(crashed, minimize), /1 experiment, 0 merged/);
});

test('no point lies beyond a line that claims to be the best: the line is the champion, and better closed ones are near misses', () => {
  const svg = progressChart([...campaign(), point(6, 0.96, false, 'lucky')], minimize);
  assert.doesNotMatch(svg, /best so far/);
  assert.match(svg, />champion</);
  assert.match(svg, />near miss</);
  const worse = progressChart(campaign(), minimize);
  assert.doesNotMatch(worse, />near miss</, 'the legend names what there is');
});

test('the line goes through the champion that a person chose, even if it scored worse', () => {
  const line = (svg: string) => /<path d="(M[^"]*)" fill="none"[^>]* stroke="#2e9e5b"/.exec(svg)?.[1] ?? '';
  const kept = progressChart([...campaign(), point(6, 0.99, true, 'kept by hand')], minimize);
  assert.notEqual(line(kept), '');
  assert.notEqual(line(kept).split(' ').at(-1), line(progressChart(campaign(), minimize)).split(' ').at(-1));
});

test('each mean has an error bar as long as its standard error, and the legend says what it is', () => {
  const bars = (svg: string) =>
    [...svg.matchAll(/<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"[^>]*stroke="#8b929c"/g)]
      .filter(([, x1, , x2]) => x1 === x2)
      .map(([, , y1, , y2]) => Math.abs(Number(y1) - Number(y2)));
  const svg = progressChart(campaign(), minimize);
  assert.match(svg, />± standard error</);
  assert.equal(bars(svg).length, 5);
  const wide = progressChart(
    campaign().map(each => (each.error === null ? each : { ...each, error: 0.008 })),
    minimize,
  );
  assert.ok(Math.abs((bars(wide)[2] ?? 0) / (bars(svg)[2] ?? 1) - 2) < 0.05);
  const unknown = progressChart(
    campaign().map(each => ({ ...each, error: null })),
    minimize,
  );
  assert.equal(bars(unknown).length, 0);
  assert.doesNotMatch(unknown, /standard error/);
});
