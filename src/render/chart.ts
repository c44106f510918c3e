/** The chart of a campaign: a point per experiment with its standard error, titles on the merged ones, and a line for the champion. */
// One file, which loads in a tenth of the time that the package's many take.
import * as echarts from 'echarts/dist/echarts.esm.min.mjs';
import {
  ANGLE,
  type ChartPoint,
  errorBar,
  type Goal,
  isNearMissPoint,
  LABEL_FONT_PX,
  type Measured,
  paddedNumbers,
  placeLabels,
  type Range,
  roomForLabels,
  type Scale,
  scaleOf,
  valueRange,
  within,
} from './layout.ts';
import { formatCount, formatValue } from './number.ts';

export interface ChartOptions {
  metric: string;
  goal: Goal;
}

/** Pixels. */
const SIZE = { width: 1000, height: 600 };

const GREEN = '#2e9e5b';
const DARK_GREEN = '#1d6b3d';
const GREY = '#b9bec6';
const RED = '#c8504b';
const ORANGE = '#c77d0a';
const BAR = '#8b929c';
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
      graphic: [...bars(measured, scale, range), ...labels(measured, scale, options.goal)],
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

const STANDARD_ERROR = '± standard error';
const BAR_ICON = 'path://M3,0 L9,0 L9,1.5 L7,1.5 L7,10.5 L9,10.5 L9,12 L3,12 L3,10.5 L5,10.5 L5,1.5 L3,1.5 Z';

function heading(
  sorted: readonly ChartPoint[],
  measured: readonly Measured[],
  range: Range,
  options: ChartOptions,
) {
  const experiments = sorted.filter(point => point.number > 0);
  const kept = experiments.filter(point => point.kept).length;
  const champions = measured.filter(point => point.kept);
  const crashed = experiments.filter(point => !Number.isFinite(point.value)).length;
  const beyond = measured.filter(point => !within(point.value, range)).length;
  const first = champions[0];
  const last = champions.at(-1);
  const facts = [
    `${options.metric}, ${options.goal === 'minimize' ? 'lower' : 'higher'} is better`,
    ...(first && last ? [`${formatValue(first.value)} → ${formatValue(last.value)}`] : []),
    ...(crashed > 0 ? [`${crashed} without a result`] : []),
    ...(beyond > 0 ? [`${beyond} beyond the axis`] : []),
  ];
  return {
    title: {
      text: `autoresearch: ${formatCount(experiments.length, 'experiment')}, ${kept} merged`,
      subtext: facts.join('  ·  '),
      left: 'center',
      top: 12,
      textStyle: { fontSize: 22, fontWeight: 600, color: INK, fontFamily: FONT },
      subtextStyle: { fontSize: 15, color: MUTED, fontFamily: FONT },
    },
    legend: {
      bottom: 8,
      itemGap: 24,
      itemWidth: 16,
      itemHeight: 11,
      textStyle: { color: MUTED, fontSize: 15 },
      data: [
        'merged',
        { name: 'champion', icon: 'path://M0,4 L16,4 L16,6 L0,6 Z' },
        ...(measured.some(point => isNearMissPoint(point, options.goal)) ? ['near miss'] : []),
        'closed',
        ...(measured.some(point => errorBar(point, range)) ? [{ name: STANDARD_ERROR, icon: BAR_ICON }] : []),
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
      nameGap: 30,
      minInterval: 1,
      splitLine: { show: false },
      axisLine: line,
      // The ends of the axis lie half an experiment outside, so they get no label.
      axisLabel: { color: MUTED, fontSize: 14, showMinLabel: false, showMaxLabel: false },
      nameTextStyle: { color: MUTED, fontSize: 15 },
    },
    yAxis: {
      type: 'value',
      ...range,
      name: options.metric,
      nameLocation: 'middle',
      nameGap: 72,
      splitLine: { lineStyle: { color: '#eef0f3' } },
      axisLine: line,
      axisLabel: {
        color: MUTED,
        fontSize: 14,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (value: number) => axisNumber(value, decimals(range)),
      },
      nameTextStyle: { color: MUTED, fontSize: 15 },
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
  const champion = measured.filter(point => point.kept).map(point => [point.number, point.value]);
  const last = champion.at(-1);
  if (last) champion.push([numbers.max + 0.5, last[1] ?? 0]);
  const worst = goal === 'minimize' ? range.max : range.min;
  const edge = worst + (goal === 'minimize' ? -1 : 1) * (range.max - range.min) * 0.015;
  const nearMisses = measured.filter(point => isNearMissPoint(point, goal));
  const closed = measured.filter(point => !point.kept && !nearMisses.includes(point));
  const scatter = { type: 'scatter', silent: true, clip: false };
  return [
    {
      type: 'line',
      name: 'champion',
      data: champion,
      step: 'end',
      symbol: 'none',
      color: GREEN,
      lineStyle: { width: 2, opacity: 0.7 },
    },
    {
      ...scatter,
      name: 'near miss',
      color: ORANGE,
      symbol: 'emptyCircle',
      symbolSize: 9,
      itemStyle: { borderWidth: 2 },
      data: nearMisses.filter(point => within(point.value, range)).map(point => [point.number, point.value]),
    },
    {
      ...scatter,
      name: 'closed',
      color: GREY,
      symbolSize: 8,
      data: closed.filter(point => within(point.value, range)).map(point => [point.number, point.value]),
    },
    {
      // Outliers are drawn at the end of the axis, pointing outwards.
      ...scatter,
      name: 'beyond the axis',
      color: GREY,
      symbol: 'triangle',
      symbolSize: 9,
      data: measured
        .filter(point => !point.kept && !within(point.value, range))
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
    // Drawn by `bars`; the legend needs a series.
    { ...scatter, name: STANDARD_ERROR, color: BAR, data: [] },
    {
      ...scatter,
      name: 'merged',
      color: GREEN,
      symbolSize: 11,
      itemStyle: { borderColor: DARK_GREEN, borderWidth: 1 },
      data: measured.filter(point => point.kept).map(point => [point.number, point.value]),
    },
  ];
}

/** Error bars, behind the points. */
function bars(measured: readonly Measured[], scale: Scale, range: Range) {
  return measured.flatMap(point => {
    const bar = errorBar(point, range);
    if (!bar) return [];
    const x = scale.x(point.number);
    const [y1, y2] = [scale.y(bar[0]), scale.y(bar[1])];
    const line = (shape: { x1: number; y1: number; x2: number; y2: number }) => ({
      type: 'line',
      silent: true,
      shape,
      style: { stroke: BAR, lineWidth: 1.2 },
      z: 1,
    });
    return [
      line({ x1: x, y1, x2: x, y2 }),
      ...[y1, y2].map(y => line({ x1: x - 3, y1: y, x2: x + 3, y2: y })),
    ];
  });
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

/** Of a number beside the axis. */
const MOST_PLACES = 6;

function axisNumber(value: number, places: number): string {
  return places > MOST_PLACES && value !== 0
    ? value.toExponential(2)
    : value.toFixed(Math.min(MOST_PLACES, places));
}

function decimals(range: Range): number {
  return Math.max(0, Math.ceil(-Math.log10(range.max - range.min)) + 1);
}
