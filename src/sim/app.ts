/** One App: the real loop in virtual time, which is killed, restarted and nudged. */
import { agentChooser } from '../agents/create.ts';
import { describeAction } from '../campaign/action.ts';
import { type Loop, type LoopObserver, startLoop } from '../controller/loop.ts';
import type { Context } from '../github/context.ts';
import { messageOf, statusOf } from '../github/errors.ts';
import { explorer, languageModel } from './explorer.ts';
import { faultyLine, type Life } from './faults.ts';
import { modelPort } from './model/port.ts';
import type { Sim } from './sim.ts';
import { count } from './tally.ts';

export interface App {
  /** Like a webhook. */
  nudge(): void;
  /** Kills the App without a restart. */
  stop(): void;
  /** Since when the App has had nothing to do, in milliseconds; Infinity if it has. */
  idleSince(): number;
}

/** One life of the App's process, with its loop. */
type Process = Life & { loop: Loop };

/** Since when the App has had nothing to do; in milliseconds. */
interface Idle {
  since: number;
}

/** Starts an App. */
export function startApp(sim: Sim, name: string): App {
  const { schedule, random, profile } = sim;
  const idle: Idle = { since: Number.POSITIVE_INFINITY };
  let current = begin();

  function begin(): Process {
    const life: Life = {
      name,
      dead: false,
      kill() {
        life.dead = true;
        idle.since = Number.POSITIVE_INFINITY;
        schedule.after(random.pick([1, 10, 60, 600]), () => {
          if (current === process) current = begin();
        });
      },
    };
    const loop = startLoop(contextOf(sim, life), {
      pollSeconds: profile.pollSeconds,
      seconds: () => sim.schedule.now() / 1000,
      sleep: (seconds, signal) => sleepWhileAlive(sim, life, seconds, signal),
      observer: observerOf(sim, life, idle),
    });
    const process: Process = Object.assign(life, { loop });
    return process;
  }

  return {
    nudge: () => current.loop.nudge(),
    stop: () => {
      current.dead = true;
      current = { ...current };
      idle.since = 0;
    },
    idleSince: () => idle.since,
  };
}

/** Records every step, and checks that steps and agents fail only as they may. */
function observerOf(sim: Sim, life: Life, idle: Idle): LoopObserver {
  const details = (error: unknown) =>
    error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    stepped(action, isThinking) {
      sim.tally.steps++;
      sim.tell(life.name, `step: ${describeAction(action)}`);
      if (action.kind !== 'wait' || isThinking) idle.since = Number.POSITIVE_INFINITY;
      else if (idle.since === Number.POSITIVE_INFINITY) idle.since = sim.schedule.now();
    },
    failed(error) {
      sim.tally.steps++;
      sim.tell(life.name, `step failed: ${messageOf(error)}`);
      idle.since = Number.POSITIVE_INFINITY;
      if (statusOf(error) === undefined)
        sim.violate(`Expected steps to fail only for errors of GitHub, found ${details(error)}`);
    },
    agentThrew(error) {
      if (!life.dead) sim.violate(`Expected no agent to throw, found ${details(error)}`);
    },
  };
}

/** A killed process never wakes up. */
async function sleepWhileAlive(
  { schedule }: Sim,
  life: Life,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  await schedule.sleep(seconds, signal);
  if (life.dead) await new Promise<never>(() => {});
}

function contextOf(sim: Sim, life: Life): Omit<Context, 'thinking'> {
  const { schedule, random, profile, model } = sim;
  const lag = () =>
    !sim.calm && random.chance(profile.stale) ? random.between(0, profile.staleSeconds) * 1000 : 0;
  const agent = { explore: explorer, model: languageModel }[profile.thinker]({
    random,
    think: () => schedule.sleep(random.between(5, 60)),
    nonsense: profile.nonsense,
    crashes: profile.crashes,
    cheats: profile.cheats,
    onAnswer: kind => {
      sim.tally.answers++;
      count(sim.tally.thoughts, kind);
    },
  });
  const log = { info() {}, warn() {}, error() {} };
  return {
    port: sim.sabotage(modelPort(model, faultyLine(sim, life), lag), sim),
    // Never used: the simulated agent answers for the contract's.
    agentEnv: { OPENAI_API_KEY: 'key' },
    chooseAgent: (contract, env, wanted) => {
      const chosen = agentChooser()(contract, env, wanted);
      return chosen.kind === 'agent' ? { kind: 'agent', agent } : chosen;
    },
    drawChart: () => '<svg/>',
    seedSecret: 'secret',
    secrets: [],
    serverUrl: 'https://github.test',
    templates: { contract: '', workflow: '' },
    now: () => new Date(schedule.now()),
    log,
  };
}
