/** One App: the real step, again and again, in virtual time; killed, started again, nudged. */
import { chooseAgent } from '../agents/create.ts';
import { describeAction } from '../campaign/action.ts';
import { emptyLoopMemory, step } from '../controller.ts';
import type { Context } from '../github/context.ts';
import { statusOf } from '../github/errors.ts';
import { createThinking } from '../github/thinking.ts';
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

const LONGEST_BACKOFF_SECONDS = 120;

/** Starts an App. */
export function startApp(sim: Sim, name: string): App {
  const { schedule, random, profile } = sim;
  let wake = () => {};
  let idleSince = Number.POSITIVE_INFINITY;
  let life: Life = begin();

  function begin(): Life {
    const next: Life = {
      name,
      dead: false,
      kill() {
        next.dead = true;
        idleSince = Number.POSITIVE_INFINITY;
        schedule.after(random.pick([1, 10, 60, 600]), () => {
          if (life === next) life = begin();
        });
      },
    };
    void live(next);
    return next;
  }

  async function live(self: Life): Promise<void> {
    const memory = emptyLoopMemory();
    const context = contextOf(sim, self, () => wake());
    let failures = 0;
    while (!self.dead) {
      let seconds: number;
      try {
        const taken = await step(context, memory);
        sim.tally.steps++;
        sim.tell(name, `step: ${describeAction(taken.action)}`);
        const thinks = context.thinking.thoughts().some(({ state }) => state === 'thinking');
        const waits = taken.action.kind === 'wait';
        if (!waits || thinks) idleSince = Number.POSITIVE_INFINITY;
        else if (idleSince === Number.POSITIVE_INFINITY) idleSince = schedule.now();
        failures = 0;
        seconds = waits ? Math.min(taken.seconds, profile.pollSeconds) : 0;
      } catch (error) {
        seconds = failed(error, ++failures);
      }
      if (seconds > 0) await pause(seconds);
    }
  }

  /** Returns how long to wait. */
  function failed(error: unknown, times: number): number {
    idleSince = Number.POSITIVE_INFINITY;
    sim.tally.steps++;
    sim.tell(name, `step failed: ${error instanceof Error ? error.message : String(error)}`);
    if (statusOf(error) === undefined)
      sim.violate(
        `A step may fail for what GitHub answers only, found ${error instanceof Error ? error.stack : error}`,
      );
    return backoff(times);
  }

  function pause(seconds: number): Promise<void> {
    return new Promise(resolve => {
      wake = resolve;
      schedule.after(seconds, resolve);
    });
  }

  return {
    nudge: () => wake(),
    stop: () => {
      life.dead = true;
      life = { ...life };
      idleSince = 0;
    },
    idleSince: () => idleSince,
  };
}

function backoff(failures: number): number {
  return Math.min(LONGEST_BACKOFF_SECONDS, 2 ** (failures - 1));
}

function contextOf(sim: Sim, life: Life, onAnswer: () => void): Context {
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
    thinking: createThinking(onAnswer, error => {
      if (!life.dead)
        sim.violate(`An agent may not throw, found ${error instanceof Error ? error.stack : error}`);
    }),
    chooseAgent: (contract, env, wanted) => {
      const chosen = chooseAgent(contract, env, wanted);
      return chosen.kind === 'agent' ? { kind: 'agent', agent } : chosen;
    },
    drawChart: () => '<svg/>',
    seedSecret: 'secret',
    serverUrl: 'https://github.test',
    templates: { contract: '', workflow: '' },
    now: () => new Date(schedule.now()),
    signal: new AbortController().signal,
    log,
  };
}
