/** What is counted: what one more experiment asks of GitHub, a restart, and looks at campaigns of any length. */
import { mkdtempSync, rmSync } from 'node:fs';
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
const EXPORT = /^PATCH \/git\/refs\/heads\/research-log$/;
/** Tree, commit and branch. */
const WRITES_OF_AN_EXPORT = 3;

/** The champion's trials; the gate learns the noise from them. */
const CHAMPION = [1, 1.0005, 0.9995];
const CLOSED = 1.05;

/**
 * What an experiment costs whose trials bring `value`, each of its trials the same: a campaign that has it as its second experiment
 * against one that ends after the first. Nothing is left out that way.
 */
export async function priceOf(value: number): Promise<Price> {
  const [one, two] = [await countCampaign([CLOSED]), await countCampaign([CLOSED, value])];
  const part = (name: keyof Price) => two[name] - one[name];
  return {
    writes: part('writes'),
    notifying: part('notifying'),
    campaign: part('campaign'),
    reads: part('reads'),
    unchanged: part('unchanged'),
    trials: part('trials'),
  };
}

/** What a whole campaign asks of GitHub. `values`: of each experiment's trials. */
async function countCampaign(values: readonly number[]): Promise<Price> {
  const lab = await openLab(values.length);
  const valueOf = (trial: string) => {
    const [, experiment = 0, k = 0] = trial.split(/[/.]/).map(Number);
    return (experiment === 0 ? CHAMPION[k - 1] : values[experiment - 1]) ?? 1;
  };
  try {
    const taken: Taken[] = [];
    for (;;) {
      await lab.work();
      const done = lab.taken();
      taken.push(...done);
      lab.pass(300);
      if ((await lab.measure(valueOf)) === 0) break;
    }
    return priced(taken);
  } finally {
    await lab.close();
  }
}

function priced(taken: readonly Taken[]): Price {
  const writes = taken.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  const many = (pattern: RegExp) => writes.filter(write => pattern.test(write)).length;
  const campaign = many(STATUS) + WRITES_OF_AN_EXPORT * many(EXPORT);
  return {
    writes: writes.length - campaign,
    notifying: many(NOTIFYING),
    campaign,
    reads: taken.length - writes.length,
    unchanged: taken.filter(({ status }) => status === 304).length,
    trials: many(/\/dispatches$/),
  };
}

/** What a look costs at a campaign of so many finished experiments. */
export interface LookPrice {
  experiments: number;
  /** Of an App that was just started. */
  restart: number;
  restartSeconds: number;
  /** Of an App that has nothing to do: requests, and how many of them count. */
  idle: number;
  counted: number;
  /** Milliseconds of CPU of an idle look, GitHub's included, because both run in one process. */
  idleMs: number;
}

/** Looks at a campaign with `experiments` finished experiments, one after the other. */
export async function priceOfLooks(experiments: number, looks = 20): Promise<LookPrice> {
  const dir = mkdtempSync(join(tmpdir(), 'autoresearch-lab-'));
  try {
    await finishOne(dir);
    multiplyExperiments(dir, experiments);
    const lab = await openLab(1, { dir, afterSeconds: (experiments + 10) * EXPERIMENT_SECONDS });
    const began = process.cpuUsage();
    await lab.look();
    const restartSeconds = secondsOf(process.cpuUsage(began));
    const restart = lab.taken().length;
    await lab.work();
    // Comments of the last minutes are asked for in steps of five minutes.
    lab.pass(600);
    await lab.look();
    lab.taken();
    const before = process.cpuUsage();
    for (let i = 0; i < looks; i++) await lab.look();
    const idleMs = (1000 * secondsOf(process.cpuUsage(before))) / looks;
    const taken = lab.taken();
    const counted = taken.filter(({ status }) => status !== 304).length;
    await lab.close();
    return {
      experiments,
      restart,
      restartSeconds,
      idle: taken.length / looks,
      counted: counted / looks,
      idleMs,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A campaign with one finished experiment that has room for more. */
async function finishOne(dir: string): Promise<void> {
  const lab = await openLab(5000, { dir });
  const value = (trial: string) => (trial.startsWith('1/0.') ? (CHAMPION[Number(trial.at(-1)) - 1] ?? 1) : CLOSED);
  for (let trial = 0; trial <= CHAMPION.length; trial++) {
    await lab.work();
    lab.pass(300);
    await lab.measure(value);
  }
  for (let looks = 0; (await lab.look()).kind !== 'decide'; looks++)
    if (looks > 20) throw new Error('Expected a verdict within 20 looks.');
  lab.pass(60);
  await lab.close();
}

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}
