/** The chart of a campaign: a point per experiment, titles on the merged ones, and a line for the best so far. */
import * as echarts from 'echarts';
import {
  ANGLE,
  type ChartPoint,
  type Goal,
  LABEL_FONT_PX,
  type Measured,
  paddedNumbers,
  placeLabels,
  type Range,
  roomForLabels,
  runningBest,
  type Scale,
  scaleOf,
  valueRange,
  within,
} from './layout.ts';
import { formatCount } from './number.ts';

export interface ChartOptions {
  metric: string;
  goal: Goal;
}

/** Pixels. */
const SIZE = { width: 1200, height: 620 };

const GREEN = '#2e9e5b';
const DARK_GREEN = '#1d6b3d';
const GREY = '#b9bec6';
const RED = '#c8504b';
const INK = '#30353d';
const MUTED = '#6b7280';
const FONT = 'Helvetica, Arial, sans-serif';

/** Draws the campaign's progress as SVG. The same points give the same SVG, byte for byte. */
export function progressChart(points: readonly ChartPoint[], options: ChartOptions): string {
  const sorted = [...points].sort((a, b) => a.number - b.number);
  const measured = sorted.filter((point): point is Measured => Number.isFinite(point.value));
  const range = valueRange(measured, options.goal);
  const numbers: Range = { min: sorted[0]?.number ?? 0, max: Math.max(sorted.at(-1)?.number ?? 0, 1) };
  const margins = roomForLabels(measured, numbers, SIZE.width);
  const scale = scaleOf(numbers, range, margins, SIZE.width, SIZE.height);

  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: FONT, color: INK },
      ...heading(sorted, measured, range, options),
      grid: margins,
      ...axes(numbers, range, options),
      series: series(sorted, measured, range, numbers, options.goal),
      graphic: labels(measured, scale, options.goal),
    });
    return still(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/**
 * Removes classes, metadata and styles that only an interactive chart needs. They carry counters that increase with every chart drawn in
 * the process, and the SVG must not depend on earlier charts.
 */
function still(svg: string): string {
  return svg
    .replaceAll(/ (class|ecmeta_\w+)="[^"]*"/g, '')
    .replaceAll(/<style\b.*?<\/style>\n?/gs, '')
    .replaceAll(/\bzr\d+-/g, '');
}

function heading(
  sorted: readonly ChartPoint[],
  measured: readonly Measured[],
  range: Range,
  options: ChartOptions,
) {
  const experiments = sorted.filter(point => point.number > 0);
  const kept = experiments.filter(point => point.kept).length;
  const best = runningBest(measured, options.goal);
  const crashed = experiments.filter(point => !Number.isFinite(point.value)).length;
  const beyond = measured.filter(point => !within(point.value, range)).length;
  const first = best[0];
  const last = best.at(-1);
  const facts = [
    `${options.metric}, ${options.goal === 'minimize' ? 'lower' : 'higher'} is better`,
    ...(first && last ? [`${first.value.toFixed(4)} → ${last.value.toFixed(4)}`] : []),
    ...(crashed > 0 ? [`${crashed} without a result`] : []),
    ...(beyond > 0 ? [`${beyond} beyond the axis`] : []),
  ];
  return {
    title: {
      text: `autoresearch progress: ${formatCount(experiments.length, 'experiment')}, ${formatCount(kept, 'improvement')} kept`,
      subtext: facts.join('  ·  '),
      left: 'center',
      top: 12,
      textStyle: { fontSize: 18, fontWeight: 600, color: INK, fontFamily: FONT },
      subtextStyle: { fontSize: 12, color: MUTED, fontFamily: FONT },
    },
    legend: {
      bottom: 8,
      itemGap: 24,
      itemWidth: 16,
      itemHeight: 10,
      textStyle: { color: MUTED, fontSize: 12 },
      data: [
        'discarded',
        'kept',
        { name: 'best so far', icon: 'path://M0,4 L16,4 L16,6 L0,6 Z' },
        ...(crashed > 0 ? ['no result'] : []),
      ],
    },
  };
}

function axes(numbers: Range, range: Range, options: ChartOptions) {
  const line = { onZero: false, lineStyle: { color: '#d5d9df' } };
  return {
    xAxis: {
      type: 'value',
      ...paddedNumbers(numbers),
      name: 'experiment',
      nameLocation: 'middle',
      nameGap: 28,
      minInterval: 1,
      splitLine: { show: false },
      axisLine: line,
      // The ends of the axis lie half an experiment outside, so they get no label.
      axisLabel: { color: MUTED, showMinLabel: false, showMaxLabel: false },
      nameTextStyle: { color: MUTED },
    },
    yAxis: {
      type: 'value',
      ...range,
      name: options.metric,
      nameLocation: 'middle',
      nameGap: 62,
      splitLine: { lineStyle: { color: '#eef0f3' } },
      axisLine: line,
      axisLabel: {
        color: MUTED,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (value: number) => value.toFixed(decimals(range)),
      },
      nameTextStyle: { color: MUTED },
    },
  };
}

function series(
  sorted: readonly ChartPoint[],
  measured: readonly Measured[],
  range: Range,
  numbers: Range,
  goal: Goal,
) {
  const best = runningBest(measured, goal).map(point => [point.number, point.value]);
  const last = best.at(-1);
  if (last) best.push([numbers.max + 0.5, last[1] ?? 0]);
  const worst = goal === 'minimize' ? range.max : range.min;
  const edge = worst + (goal === 'minimize' ? -1 : 1) * (range.max - range.min) * 0.015;
  const discarded = measured.filter(point => !point.kept);
  const scatter = { type: 'scatter', silent: true, clip: false };
  return [
    {
      type: 'line',
      name: 'best so far',
      data: best,
      step: 'end',
      symbol: 'none',
      color: GREEN,
      lineStyle: { width: 2, opacity: 0.7 },
    },
    {
      ...scatter,
      name: 'discarded',
      color: GREY,
      symbolSize: 7,
      data: discarded.filter(point => within(point.value, range)).map(point => [point.number, point.value]),
    },
    {
      // Outliers are drawn at the end of the axis, pointing outwards.
      ...scatter,
      name: 'beyond the axis',
      color: GREY,
      symbol: 'triangle',
      symbolSize: 9,
      data: discarded
        .filter(point => !within(point.value, range))
        .map(point => ({ value: [point.number, edge], symbolRotate: goal === 'minimize' ? 0 : 180 })),
    },
    {
      ...scatter,
      name: 'no result',
      color: RED,
      symbol: 'path://M0,1 L1,0 L5,4 L9,0 L10,1 L6,5 L10,9 L9,10 L5,6 L1,10 L0,9 L4,5 Z',
      symbolSize: 8,
      data: sorted.filter(point => !Number.isFinite(point.value)).map(point => [point.number, edge]),
    },
    {
      ...scatter,
      name: 'kept',
      color: GREEN,
      symbolSize: 11,
      itemStyle: { borderColor: DARK_GREEN, borderWidth: 1 },
      data: measured.filter(point => point.kept).map(point => [point.number, point.value]),
    },
  ];
}

function labels(measured: readonly Measured[], scale: Scale, goal: Goal) {
  const rotation = goal === 'minimize' ? ANGLE : -ANGLE;
  const style = {
    font: `${LABEL_FONT_PX}px ${FONT}`,
    fill: DARK_GREEN,
    stroke: '#ffffff',
    lineWidth: 3,
    verticalAlign: 'middle',
  };
  return placeLabels(measured, scale, goal).flatMap(({ text, x, y, leader }) => [
    { type: 'text', x, y, rotation, silent: true, style: { ...style, text }, z: 20 },
    ...(leader
      ? [{ type: 'line', silent: true, shape: leader, style: { stroke: DARK_GREEN, lineWidth: 0.7 }, z: 10 }]
      : []),
  ]);
}

function decimals(range: Range): number {
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(range.max - range.min)) + 1));
}
