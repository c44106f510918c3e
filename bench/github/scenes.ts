/** What is counted: what one more experiment asks of GitHub, a restart, and looks at campaigns of any length. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLab, type Taken } from './lab.ts';
import { EXPERIMENT_SECONDS, multiplyExperiments } from './seed.ts';

/** What one more experiment costs. */
export interface Price {
  /** Writes about the experiment itself. */
  writes: number;
  /** Of these, the ones that notify people. */
  notifying: number;
  /** Writes about the campaign: its status comment, and its export. */
  campaign: number;
  reads: number;
  /** Of the reads, those answered with 304, which GitHub does not count. */
  unchanged: number;
  trials: number;
}

const NOTIFYING = /^POST \/pulls$|^POST \/issues\/\d+\/comments$|^PUT \/pulls\/\d+\/merge$/;
const STATUS = /^PATCH \/issues\/comments\//;
/** Tree, commit and branch. */
const WRITES_OF_AN_EXPORT = 3;

/** The champion's trials; the gate learns the noise from them. */
const CHAMPION = [1, 1.0005, 0.9995];
const CLOSED = 1.05;

/**
 * What experiments cost whose trials bring about these values, a little more with each trial: everything that a campaign asks for from the end of
 * one experiment to the end of the next. The first experiment, in which the champion is measured too, is not among them.
 */
export async function pricesOf(values: readonly number[]): Promise<Price[]> {
  const lab = await openLab(1 + values.length);
  const scoreOf = (trial: string) => {
    const [, experiment = 0, k = 0] = trial.split(/[/.]/).map(Number);
    // Equal values on different seeds would count as one trial.
    const value = experiment === 0 ? CHAMPION[k - 1] : [CLOSED, ...values][experiment - 1];
    return (value ?? 1) + 0.0001 * k;
  };
  try {
    const taken: Taken[] = [];
    do {
      await lab.work();
      taken.push(...lab.taken());
      lab.pass(300);
    } while ((await lab.measure(scoreOf)) > 0);
    const ends = taken.flatMap(({ method, path }, i) =>
      method === 'DELETE' && path.startsWith('/git/refs/heads/research/') ? [i + 1] : [],
    );
    return values.map((_, i) => priced(taken.slice(ends[i], ends[i + 1])));
  } finally {
    await lab.close();
  }
}

function priced(taken: readonly Taken[]): Price {
  const writes = taken
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path}`);
  const many = (pattern: RegExp) => writes.filter(write => pattern.test(write)).length;
  // Without restacks there is one commit for every pull request; the others are exports.
  const exports = many(/^POST \/git\/commits$/) - many(/^POST \/pulls$/);
  const campaign = many(STATUS) + WRITES_OF_AN_EXPORT * exports;
  return {
    writes: writes.length - campaign,
    notifying: many(NOTIFYING),
    campaign,
    reads: taken.length - writes.length,
    unchanged: taken.filter(({ status }) => status === 304).length,
    trials: many(/\/dispatches$/),
  };
}

/** What a look costs at a campaign with `experiments` finished. */
export interface LookPrice {
  experiments: number;
  /** Idle looks. */
  looks: number;
  /** Of an App that was just started. */
  restart: number;
  restartSeconds: number;
  /** Of all idle looks: requests, and how many of them GitHub counts. */
  idle: number;
  counted: number;
  /** Milliseconds of CPU of an idle look, GitHub's included, because both run in one process. */
  idleMs: number;
}

/** Looks at campaigns with these numbers of finished experiments, run one after the other. */
export async function pricesOfLooks(experiments: readonly number[], looks = 20): Promise<LookPrice[]> {
  const folder = mkdtempSync(join(tmpdir(), 'autoresearch-lab-'));
  try {
    await finishOne(join(folder, 'one'));
    const prices: LookPrice[] = [];
    for (const count of experiments) {
      const dir = join(folder, String(count));
      cpSync(join(folder, 'one'), dir, { recursive: true });
      multiplyExperiments(dir, count);
      prices.push(await priceOfLooks(dir, count, looks));
    }
    return prices;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function priceOfLooks(dir: string, experiments: number, looks: number): Promise<LookPrice> {
  const lab = await openLab(1, { dir, afterSeconds: (experiments + 1) * EXPERIMENT_SECONDS });
  try {
    const began = process.cpuUsage();
    await lab.look();
    const restartSeconds = secondsOf(process.cpuUsage(began));
    const restart = readBack(lab.taken());
    await lab.work();
    // Comments of the last minutes are asked for in steps of five minutes: here begins a step.
    lab.pass(600);
    await lab.look();
    lab.taken();
    const before = process.cpuUsage();
    for (let i = 0; i < looks; i++) await lab.look();
    const idleMs = (1000 * secondsOf(process.cpuUsage(before))) / looks;
    const taken = lab.taken();
    const counted = taken.filter(({ status }) => status !== 304).length;
    return { experiments, looks, restart, restartSeconds, idle: taken.length, counted, idleMs };
  } finally {
    await lab.close();
  }
}

/** A campaign with one finished experiment that has room for more. */
async function finishOne(dir: string): Promise<void> {
  const lab = await openLab(5000, { dir });
  const value = (trial: string) =>
    trial.startsWith('1/0.') ? (CHAMPION[Number(trial.at(-1)) - 1] ?? 1) : CLOSED;
  for (let trial = 0; trial <= CHAMPION.length; trial++) {
    await lab.work();
    lab.pass(300);
    await lab.measure(value);
  }
  for (let looks = 0; (await lab.look()).kind !== 'close'; looks++)
    if (looks > 20) throw new Error('Expected a verdict within 20 looks.');
  lab.pass(60);
  await lab.close();
}

/** How many requests told a new process what there is: without its token, and without what its first action asks for. */
function readBack(taken: readonly Taken[]): number {
  const last = taken.findLastIndex(({ path }) => path.endsWith('/runs'));
  return taken.slice(0, last + 1).filter(({ path }) => !path.endsWith('/access_tokens')).length;
}

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}
