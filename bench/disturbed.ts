// Bench: the demo's trials beside busy processes, timed by the wall clock and in CPU seconds: noise, and what is noticed
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { isDisturbed } from '../src/campaign/evidence/disturbance.ts';
import { wholeNumber } from '../src/cli/errors.ts';
import { mean } from '../src/gate/mean.ts';
import { makeRepository } from '../src/local/demo/repository.ts';
import type { Measurement } from '../src/protocol/measurement.ts';
import { CHECKOUT } from '../src/starter/own-checkout.ts';
import { withBudget, withCpuClock } from '../src/starter/templates.ts';
import { deviation, loadText, scoreOf, withTrials } from './demo/trials.ts';

const options = new Command('npm run bench -- disturbed')
  .option('--loads <n,n…>', 'numbers of busy processes', '0,2,4,8')
  .option('--seeds <n>', 'trials of each kind', wholeNumber(1, 100), 2)
  .option('--budget <duration>', 'training time of each trial', '3s')
  .parse()
  .opts<{ loads: string; seeds: number; budget: string }>();

const CLOCKS = { wall: (text: string) => text, cpu: (text: string) => withCpuClock(text, options.budget) };
type Clock = keyof typeof CLOCKS;

const folder = await mkdtemp(join(tmpdir(), 'autoresearch-disturbed-'));
/** Trials of each clock without our own load, which those beside it are compared with. */
const calm: Record<Clock, Measurement[]> = { wall: [], cpu: [] };
try {
  for (const clock of ['wall', 'cpu'] as const)
    await makeRepository(CHECKOUT, join(folder, clock), text =>
      CLOCKS[clock](withBudget(text, options.budget)),
    );
  console.log('busy  clock  val_bpb: mean   sd      steps        got    others  disturbed  machine load');
  for (const busy of options.loads.split(',').map(Number)) {
    const others = Array.from({ length: busy }, busyProcess);
    try {
      for (const clock of ['wall', 'cpu'] as const) await row(busy, clock);
    } finally {
      for (const other of others) other.kill('SIGKILL');
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Measures the plain script on some seeds, and prints what came of it. */
async function row(busy: number, clock: Clock): Promise<void> {
  const trials = await withTrials(join(folder, clock), async ({ measure, commit }) => {
    const taken: Measurement[] = [];
    for (let seed = 1; seed <= options.seeds; seed++) taken.push(await measure(await commit('main'), seed));
    return taken;
  });
  if (busy === 0) calm[clock].push(...trials);
  const values = trials.map(scoreOf);
  const list = (numbers: (number | undefined)[], digits: number) =>
    numbers.map(number => number?.toFixed(digits) ?? '–').join(' ');
  const noticed = trials.filter(trial => isDisturbed(trial, calm[clock])).length;
  console.log(
    [
      String(busy).padEnd(5),
      clock.padEnd(6),
      mean(values).toFixed(4).padStart(13),
      deviation(values).toFixed(4),
      list(
        trials.map(({ reported }) => reported.num_steps),
        0,
      ).padEnd(12),
      list(
        trials
          .map(({ conditions }) => conditions && conditions.cpuSeconds / conditions.seconds)
          .map(x => x ?? undefined),
        1,
      ),
      list(
        trials.map(({ conditions }) => conditions?.othersCores ?? undefined),
        1,
      ),
      `${noticed} of ${trials.length}`.padEnd(10),
      loadText(),
    ].join('  '),
  );
}

/** A process that keeps one core busy until it is killed. */
function busyProcess(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
}
