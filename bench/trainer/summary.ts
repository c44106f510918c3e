/** What was measured, held against what was aimed at: a Markdown table. Pure. */
import { markdownTable } from 'markdown-table';
import { mean } from '../../src/gate/mean.ts';
import type { BareRun, Trial } from './measure.ts';

/** The runs of each kind, in the order in which they were made; at least one of each. */
export interface Rounds {
  trainer: Trial[];
  bare: BareRun[];
  gpt2: Trial[];
}

const LEAST_STEPS_SHARE = 0.98;
const LEAST_SPEED = 0.97;
/** Nothing is faster than the bare loop: a ratio this far above 1, or rounds this far apart, tell of other work beside the runs. */
const BUSY = 0.1;
/** A fifth of the five minutes that a trial is meant to take. */
const MOST_JUDGING_SECONDS = 60;
/** How much lower val_bpb has to be than the GPT-2 script's. */
const LEAST_GAIN = 0.02;

/** The table, with means over the rounds, and a line on how far the rounds were apart. */
export function summary({ trainer, bare, gpt2 }: Rounds): string {
  const start = mean(trainer.map(run => run.startupSeconds));
  const steps = mean(trainer.map(run => run.stepsShare));
  const speed = mean(trainer.map(run => run.tokensPerSecond));
  const bareSpeed = mean(bare.map(run => run.tokensPerSecond));
  const scoring = mean(trainer.map(run => run.scoringSeconds));
  const audit = mean(trainer.map(run => run.auditSeconds));
  const score = mean(trainer.map(run => run.valBpb));
  const reference = mean(gpt2.map(run => run.valBpb));
  const mfu = mean(trainer.map(run => run.mfuPercent));
  const gain = 1 - score / reference;
  const byRound = ratios(trainer, bare);
  const told = Math.max(...byRound) - Math.min(...byRound) <= BUSY && speed / bareSpeed <= 1 + BUSY;
  const rows = [
    ['what', 'measured', 'goal', 'met'],
    ['start-up', `${start.toFixed(1)} s`, '', ''],
    [
      'share of the time in steps',
      percent(steps),
      `≥ ${percent(LEAST_STEPS_SHARE)}`,
      met(steps >= LEAST_STEPS_SHARE),
    ],
    [
      'tokens per second against a bare loop',
      `${(speed / bareSpeed).toFixed(3)} (${speed.toFixed(0)} of ${bareSpeed.toFixed(0)})`,
      `≥ ${LEAST_SPEED}`,
      told ? met(speed / bareSpeed >= LEAST_SPEED) : 'machine too busy to tell',
    ],
    [
      'scoring and audit',
      `${scoring.toFixed(1)} s + ${audit.toFixed(1)} s`,
      `≤ ${MOST_JUDGING_SECONDS} s`,
      met(scoring + audit <= MOST_JUDGING_SECONDS),
    ],
    [
      'val_bpb against a GPT-2 script',
      `${score.toFixed(4)} against ${reference.toFixed(4)} (${percent(gain)} lower)`,
      `≥ ${percent(LEAST_GAIN)} lower`,
      met(gain >= LEAST_GAIN),
    ],
    ['model FLOPs utilisation', mfu > 0 ? `${mfu.toFixed(1)} %` : 'not known for this device', '', ''],
  ];
  const apart = `Ratios of speed by round: ${byRound.map(ratio => ratio.toFixed(3)).join(', ')}. val_bpb: ${list(trainer)}; GPT-2 script: ${list(gpt2)}.`;
  return `${markdownTable(rows)}\n\nDevice: ${trainer[0]?.device}. ${apart}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function met(is: boolean): string {
  return is ? 'yes' : '**no**';
}

function ratios(trainer: readonly Trial[], bare: readonly BareRun[]): number[] {
  return trainer.map((run, round) => run.tokensPerSecond / (bare[round]?.tokensPerSecond ?? Number.NaN));
}

function list(runs: readonly Trial[]): string {
  return runs.map(run => run.valBpb.toFixed(4)).join(', ');
}
