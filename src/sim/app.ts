/** One App: the real loop in virtual time; killed, started again, nudged. */
import { chooseAgent } from '../agents/create.ts';
import { describeAction } from '../campaign/action.ts';
import { type Loop, type LoopObserver, startLoop } from '../controller/loop.ts';
import type { Context } from '../github/context.ts';
import { statusOf } from '../github/errors.ts';
import { explorer, languageModel } from './explorer.ts';
import { faultyLine, type Life } from './faults.ts';
import { modelPort } from './model/port.ts';
import type { Sim } from './sim.ts';
import { count } from './tally.ts';

export interface App {
  /** Look again now. */
  nudge(): void;
  /** Ends it for good, like a kill that nobody answers by a start. */
  stop(): void;
  /** Milliseconds; since then it has had nothing to do. Infinite while it has. */
  idleSince(): number;
}

/** One life of the App's process, and the loop that it runs. */
type Process = Life & { loop: Loop };

/** Starts an App. */
export function startApp(sim: Sim, name: string): App {
  const { schedule, random, profile } = sim;
  let idleSince = Number.POSITIVE_INFINITY;
  let life = begin();

  function begin(): Process {
    const next: Life = {
      name,
      dead: false,
      kill() {
        next.dead = true;
        idleSince = Number.POSITIVE_INFINITY;
        schedule.after(random.pick([1, 10, 60, 600]), () => {
          if (life === process) life = begin();
        });
      },
    };
    const process: Process = Object.assign(next, {
      loop: startLoop(contextOf(sim, next), {
        pollSeconds: profile.pollSeconds,
        sleep: (seconds, signal) => sleepWhileAlive(sim, next, seconds, signal),
        observer: observerOf(next),
      }),
    });
    return process;
  }

  function observerOf(self: Life): LoopObserver {
    return {
      stepped(action, isThinking) {
        sim.tally.steps++;
        sim.tell(name, `step: ${describeAction(action)}`);
        if (action.kind !== 'wait' || isThinking) idleSince = Number.POSITIVE_INFINITY;
        else if (idleSince === Number.POSITIVE_INFINITY) idleSince = schedule.now();
      },
      failed(error) {
        idleSince = Number.POSITIVE_INFINITY;
        sim.tally.steps++;
        sim.tell(name, `step failed: ${error instanceof Error ? error.message : String(error)}`);
        if (statusOf(error) === undefined)
          sim.violate(
            `A step may fail for what GitHub answers only, found ${error instanceof Error ? error.stack : error}`,
          );
      },
      agentThrew(error) {
        if (!self.dead)
          sim.violate(`An agent may not throw, found ${error instanceof Error ? error.stack : error}`);
      },
    };
  }

  return {
    nudge: () => life.loop.nudge(),
    stop: () => {
      life.dead = true;
      life = { ...life };
      idleSince = 0;
    },
    idleSince: () => idleSince,
  };
}

/** A process that was killed never wakes, whatever rings. */
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
    // Never used: what the contract's agent is asked, the simulated one answers.
    agentEnv: { OPENAI_API_KEY: 'key' },
    chooseAgent: (contract, env, wanted) => {
      const chosen = chooseAgent(contract, env, wanted);
      return chosen.kind === 'agent' ? { kind: 'agent', agent } : chosen;
    },
    drawChart: () => '<svg/>',
    seedSecret: 'secret',
    serverUrl: 'https://github.test',
    templates: { contract: '', workflow: '' },
    now: () => new Date(schedule.now()),
    log,
  };
}
