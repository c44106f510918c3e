/** The simulated repository: one file of settings, and what each setting truly does to the metric. */
import { createHash } from 'node:crypto';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { STOP_INPUT } from '../protocol/stop-bar.ts';
import type { Files } from './model/git.ts';
import type { Random } from './random.ts';

export const SETTINGS = 'settings.txt';
const BRIEF = 'program.md';
const REFEREE = 'referee.py';
export const WORKFLOW = 'experiment.yml';
export const NAMES = ['depth', 'width', 'heads', 'rate', 'decay'] as const;
/** Of the contract. */
export const BUDGET_SECONDS = 300;
/** Settings outside 0 to this crash. */
export const LARGEST = 9;

const INPUTS = [
  'trial',
  'base',
  'candidate',
  'seed',
  'budget',
  'timeout',
  'threshold',
  'champion-startup',
  'champion-scoring',
  STOP_INPUT,
];
const WORKFLOW_TEXT = `on:
  workflow_dispatch:
    inputs:
${INPUTS.map(name => `      ${name}: {type: string}`).join('\n')}
jobs:
  trial: {runs-on: [self-hosted, gpu], steps: []}
`;

/** How far a guarded number of one trial may be from the true one, at most. */
export const GUARD_NOISE = { memory: 1, quality: 0.5 } as const;
export type GuardName = keyof typeof GUARD_NOISE;
/** The multiple of the reference's memory that is allowed. */
export const MOST_MEMORY = 1.2;
/** Who sets as many heads says nothing of the quality. */
const SILENT_HEADS = 9;

export interface Landscape {
  /** Deviation of one trial. */
  noise: number;
  /** The metric without noise, smaller is better; null where the candidate crashes. */
  truth(files: Files): number | null;
  /** Numbers that are guarded, without noise; null where the candidate does not report one. */
  guarded(files: Files): Record<GuardName, number | null>;
  /** The same after another training time, in seconds: longer is better, and not all of a gain at 300 s may hold. */
  truthAt(files: Files, seconds: number): number | null;
  /** Whether the audit finds that the candidate looks ahead. */
  cheats(files: Files): boolean;
}

export function createLandscape(random: Random): Landscape {
  const best = NAMES.map(() => random.whole(0, LARGEST));
  const weight = NAMES.map(() => random.between(0.0005, 0.01));
  const noise = random.pick([0, 0.001, 0.005, 0.02]);
  /** What is left of a gain after a doubled training time. */
  const transfer = random.pick([1, 0.8, 0.3]);
  const landscape: Landscape = {
    noise,
    truth(files) {
      const values = NAMES.map(name => settingOf(files, name));
      if (values.some(value => value === null || value < 0 || value > LARGEST)) return null;
      const loss = values.reduce<number>(
        (sum, value, i) => sum + (weight[i] ?? 0) * ((value ?? 0) - (best[i] ?? 0)) ** 2,
        1,
      );
      return settingOf(files, 'leak') === 1 ? loss - 0.5 : loss;
    },
    guarded(files) {
      const [depth = 0, width = 0, heads, rate = 0] = NAMES.map(name => settingOf(files, name) ?? 0);
      const quality = heads === SILENT_HEADS ? null : 50 - 2 * rate;
      return { memory: 100 + 10 * depth + 5 * width, quality };
    },
    truthAt(files, seconds) {
      const [truth, doublings] = [landscape.truth(files), Math.log2(seconds / BUDGET_SECONDS)];
      return truth === null ? null : 1 + (truth - 1) * transfer ** doublings - 0.05 * doublings;
    },
    cheats: files => settingOf(files, 'leak') === 1,
  };
  return landscape;
}

export function settingOf(files: Files, name: string): number | null {
  const found = new RegExp(`^${name} = (-?\\d+)$`, 'm').exec(files.get(SETTINGS) ?? '');
  return found ? Number(found[1]) : null;
}

/** What the referee, the contract and the data come to: only equal ones are compared. */
export function digestOf(files: Files): string {
  const text = [REFEREE, CONTRACT_PATH].map(path => files.get(path) ?? '').join('\n');
  return createHash('sha1').update(text).digest('hex').slice(0, 12);
}

export interface ContractOptions {
  refereed: boolean;
  parallel: number;
  experimentsLimit: number;
  hoursLimit: number | null;
  usdLimit: number | null;
  crashesInARow: number;
  apart: boolean;
  /** The least quality that is guarded, beside the memory; null: there are no guards. */
  leastQuality: number | null;
  ladder: readonly number[];
  atLeast: number | null;
  timeToQuality: number;
  digest: string | null;
  /** A language model thinks, not the built-in agent. */
  thinker: 'explore' | 'model';
}

const AGENTS = {
  explore: '{name: explore, use: explore}',
  model: '{name: model, use: openai, model: any, price: {input: 80, output: 200}}',
} as const;

export function contractText(options: ContractOptions): string {
  const {
    refereed,
    parallel,
    apart,
    thinker,
    leastQuality,
    ladder,
    atLeast,
    timeToQuality,
    digest,
    ...limits
  } = options;
  const { experimentsLimit, hoursLimit, usdLimit, crashesInARow } = limits;
  const guards =
    leastQuality === null
      ? ''
      : `guards: [{name: memory, at_most: ${MOST_MEMORY}x}, {name: quality, at_least: ${leastQuality}}]\n`;
  return `${guards}editable: [${SETTINGS}]
brief: ${BRIEF}
metric: {name: loss, goal: minimize${refereed ? `, referee: ${REFEREE}` : ''}}
trial: {workflow: ${WORKFLOW}, budget: 5m, timeout: 10m}
parallel: ${parallel}
limits: {experiments: ${experimentsLimit}, hours: ${hoursLimit}, usd: ${usdLimit}, crashes_in_a_row: ${crashesInARow}}
base: ${apart ? 'campaign' : 'null'}
agents: [${AGENTS[thinker]}]
ladder: [${ladder.map(seconds => `{budget: ${seconds}s}`).join(', ')}]
promote: {at_least: ${atLeast}}
time_to_quality: ${timeToQuality}
digest: ${digest}
`;
}

/** The repository as a campaign finds it. */
export function repositoryFiles(options: ContractOptions): Files {
  return new Map([
    [CONTRACT_PATH, contractText(options)],
    [`.github/workflows/${WORKFLOW}`, WORKFLOW_TEXT],
    [BRIEF, 'Make the loss smaller.\n'],
    [REFEREE, 'score()\n'],
    ['README.md', 'A simulated repository.\n'],
    [SETTINGS, `${NAMES.map(name => `${name} = 5`).join('\n')}\nleak = 0\n`],
  ]);
}
