/** The runners: pick up queued runs after a while, take the trial's time, and leave a measurement, or something else. */
import type { Measurement, Outcome } from '../protocol/measurement.ts';
import { isBeyond, PREVIEW_AT, STOP_INPUT, stopBarSchema } from '../protocol/stop-bar.ts';
import { digestOf, GUARD_NOISE, type GuardName } from './landscape.ts';
import { changeRun } from './model/actions.ts';
import type { RunRecord } from './model/state.ts';
import type { Sim } from './sim.ts';
import { count } from './tally.ts';

const RUNNER = 'github-actions[bot]';
/** GitHub takes a runner that says nothing for lost after that long. */
const LOST_RUNNER_SECONDS = 900;
const SLOWEST_CANCEL_SECONDS = 300;
const BAD_ENDINGS = [
  'no artifact',
  'garbage',
  'fault',
  'dies',
  'other trial',
  'other candidate',
  'slow',
] as const;
type Ending = 'measured' | (typeof BAD_ENDINGS)[number];

export function startRunners(sim: Sim): void {
  let busy = 0;
  const { model, schedule, profile, random } = sim;

  function pickUp(): void {
    const away = (sim.runnersAwayUntil - model.now()) / 1000;
    if (away > 0) {
      schedule.after(away, pickUp);
      return;
    }
    while (busy < profile.runners) {
      const run = model.runs.values().find(({ status }) => status === 'queued');
      if (!run) return;
      busy++;
      changeRun(model, RUNNER, run.id, { status: 'in_progress' });
      const ending: Ending =
        !sim.calm && random.chance(profile.badTrials) ? random.pick(BAD_ENDINGS) : 'measured';
      schedule.after(seconds(ending, run), () => finish(run, ending));
    }
  }

  function seconds(ending: Ending, { inputs }: RunRecord): number {
    if (ending === 'dies') return LOST_RUNNER_SECONDS;
    return Number(inputs.budget) + random.between(20, 60) * (ending === 'slow' ? 10 : 1);
  }

  function finish(started: RunRecord, ending: Ending): void {
    busy--;
    schedule.after(1, pickUp);
    const run = model.runs.get(started.id);
    // It was cancelled, perhaps even started again.
    if (run?.status !== 'in_progress' || run.attempt !== started.attempt) return;
    const text = artifactOf(sim, run, ending);
    const done = ending !== 'dies' && ending !== 'no artifact';
    changeRun(model, RUNNER, run.id, {
      status: 'completed',
      conclusion: done ? 'success' : 'failure',
      artifacts: text === null ? run.artifacts : [...run.artifacts, text],
    });
  }

  /** GitHub tells the runner, which ends the trial, or not before it would have ended anyway. */
  function stop({ id, attempt }: RunRecord): void {
    const run = model.runs.get(id);
    if (run?.status === 'in_progress' && run.attempt === attempt)
      changeRun(model, RUNNER, id, { status: 'completed', conclusion: 'cancelled' });
  }

  model.watchers.push(({ table, before, after }) => {
    if (table !== 'runs' || !after) return;
    if (after.status === 'queued') schedule.after(random.between(1, 30), pickUp);
    if (after.cancelling && before && !before.cancelling)
      schedule.after(random.between(1, SLOWEST_CANCEL_SECONDS), () => stop(after));
  });
}

/** Text of `measurement.json`; null where there is none. */
function artifactOf(sim: Sim, run: RunRecord, ending: Ending): string | null {
  if (ending === 'dies' || ending === 'no artifact') {
    count(sim.tally.trials, ending);
    return null;
  }
  if (ending === 'garbage') {
    count(sim.tally.trials, ending);
    return '{"version": 1, "trial":';
  }
  const measurement = measure(sim, run, ending);
  count(sim.tally.trials, ending === 'measured' ? measurement.outcome.status : ending);
  if (ending === 'other trial') return JSON.stringify({ ...measurement, trial: '999/9.9' });
  if (ending === 'other candidate')
    return JSON.stringify({ ...measurement, candidate: measurement.base.replace(/^./, 'f') });
  return JSON.stringify(measurement);
}

/** What other programs leave of the machine, and what that costs a trial. */
const CALM = { clock: 'wall', seconds: 300, cpuSeconds: 295, othersCores: 0.1, cores: 2 } as const;
const BUSY = { clock: 'wall', seconds: 300, cpuSeconds: 90, othersCores: 1.7, cores: 2 } as const;
const BUSY_LOSS = 0.4;

/** Curves end so far below where they are when the preview is taken. */
const STILL_TO_FALL = 0.05;

function measure(
  { model, landscape, random, profile }: Sim,
  { id, inputs }: RunRecord,
  ending: Ending,
): Measurement {
  const { trial = '', base = '', candidate = '', seed = '0', budget = '300', threshold = '' } = inputs;
  const tree = model.git.commit(candidate)?.tree ?? '0'.repeat(40);
  const files = model.git.tree(tree) ?? new Map<string, string>();
  const truth = landscape.truthAt(files, Number(budget));
  const isBusy = random.chance(profile.busyShare);
  // Another program on the GPU shows in the steps alone.
  const isShared = random.chance(profile.busyShare / 2);
  const loss = isBusy || isShared ? BUSY_LOSS : 0;
  const value = truth === null ? null : truth + landscape.noise * random.normal() + loss;
  const conditions = isBusy ? BUSY : CALM;
  const machine = profile.mixedMachines && random.chance(0.2) ? 'GPU B' : 'GPU A';
  const digest = digestOf(model.git.tree(model.git.commit(base)?.tree ?? '') ?? new Map());
  const preview = value === null ? null : value + STILL_TO_FALL + landscape.noise * Math.sin(id);
  const bar = stopBarSchema.parse(inputs[STOP_INPUT] ?? '');
  const applies = bar !== null && bar.machine === machine && bar.digest === digest;
  const isStopped = applies && preview !== null && isBeyond(preview, bar.value, 'minimize');
  const outcome: Outcome =
    ending === 'fault'
      ? { status: 'fault', message: 'The disk is full.' }
      : value === null
        ? {
            status: 'crash',
            reason: 'exception',
            message: 'ValueError',
            traceback: 'Traceback: `-->` @everyone',
          }
        : isStopped
          ? { status: 'stopped', value: preview, at: PREVIEW_AT }
          : { status: 'measured', value };
  const audited = value !== null && (threshold === '' || value < Number(threshold));
  const flags = landscape.cheats(files) ? ['the answers changed when what follows changed'] : [];
  return {
    version: 1,
    trial,
    base,
    candidate,
    tree,
    seed: Number(seed),
    budgetSeconds: Number(budget),
    machine,
    digest,
    sandbox: 'bubblewrap',
    outcome,
    preview,
    refereed:
      profile.refereed && value !== null && outcome.status === 'measured'
        ? {
            claimed: value,
            audit: audited ? { n: 100, sd: 0, largest: 0, smallestLie: 0.001, flags } : null,
            testValue: audited ? value + 0.1 : null,
            startupSeconds: 10,
            scoringSeconds: 5,
            auditSeconds: audited ? 5 : 0,
          }
        : null,
    conditions: profile.refereed || profile.busyShare > 0 ? conditions : null,
    trainingSeconds: outcome.status === 'stopped' ? 180 : 300,
    totalSeconds: outcome.status === 'stopped' ? 190 : 320,
    peakMemoryMb: 1000,
    reported: { num_steps: isShared ? 400 : 950 },
    numbers: profile.leastQuality === null ? {} : numbersOf(landscape.guarded(files), id),
  };
}

/** Now and then the machine cannot tell a number. */
const UNTOLD_EVERY = 29;

/** The guarded numbers of one run. */
function numbersOf(truth: Record<GuardName, number | null>, run: number): Measurement['numbers'] {
  const names: GuardName[] = ['memory', 'quality'];
  const told = names.filter((_, i) => (run + i) % UNTOLD_EVERY !== 0);
  return Object.fromEntries(
    told.map((name, i) => {
      const value = truth[name];
      return [name, value === null ? null : value + GUARD_NOISE[name] * Math.sin(run * (i + 2))];
    }),
  );
}
