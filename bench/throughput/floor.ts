/** A floor of runners and one App on a virtual clock, in a world without faults: for counting what the runners get done. */
import type { Agent } from '../../src/agents/agent.ts';
import { applyEdits } from '../../src/agents/edit.ts';
import { NO_COST } from '../../src/campaign/idea.ts';
import { startLoop } from '../../src/controller/loop.ts';
import type { Context } from '../../src/github/context.ts';
import { repositoryFiles, SETTINGS } from '../../src/sim/landscape.ts';
import { changeRun } from '../../src/sim/model/actions.ts';
import { addComment, openIssue } from '../../src/sim/model/issues.ts';
import { type Line, modelPort } from '../../src/sim/model/port.ts';
import { createModel, type Model, type RunRecord } from '../../src/sim/model/state.ts';
import { createRandom, type Random } from '../../src/sim/random.ts';
import { createSchedule, type Schedule } from '../../src/sim/schedule.ts';

export const BUDGET_SECONDS = 300;
/** Start-up and scoring of a trial. */
export const OVERHEAD_SECONDS = 25;
export const THINK_SECONDS = 20;
/** From the dispatch to a runner that begins. */
const DISPATCH_SECONDS = 5;
/** One request to GitHub. */
const CALL_SECONDS = 0.15;
const WEBHOOK_SECONDS = 1;
const POLL_SECONDS = 60;
const NOISE = 0.0005;
const START = Date.parse('2026-03-08T00:00:00Z');
const BOT = 'autoresearch[bot]';

interface Floor {
  runners: number;
  hours: number;
  /** Writes a second apart, three where they notify people. */
  paced: boolean;
}

interface Done {
  /** Finished trials, the champion's included. */
  trials: number;
  /** With a verdict. */
  experiments: number;
  merges: number;
}

/** Runs a campaign of as many experiments as `hours` allow. */
export async function runFloor({ runners, hours, paced }: Floor): Promise<Done> {
  const schedule = createSchedule(START);
  const random = createRandom(1);
  const files = repositoryFiles({
    refereed: false,
    parallel: runners,
    experimentsLimit: 10_000,
    hoursLimit: null,
    usdLimit: null,
    apart: false,
    leastQuality: null,
    ladder: [],
    atLeast: null,
    timeToQuality: 0,
    digest: null,
    crashesInARow: 3,
    // It thinks ahead.
    thinker: 'model',
  });
  const model = createModel({
    now: schedule.now,
    files: new Map([...files, [SETTINGS, 'ideas:\n']]),
    permissions: new Map([['alice', 'admin']]),
    owner: 'alice',
    name: 'gpt',
    botLogin: BOT,
  });
  model.runListLagSeconds = 2;
  const trials = startRunners(model, schedule, random, runners);
  addComment(model, 'alice', openIssue(model, 'alice'), '/research 10000');
  startApp(model, schedule, paced);
  while (schedule.now() < START + hours * 3_600_000 && (await schedule.advance()));
  const pulls = model.pulls.values();
  return {
    trials: trials(),
    experiments: pulls.filter(({ state }) => state !== 'open').length,
    merges: pulls.filter(({ state }) => state === 'merged').length,
  };
}

/** Returns how many trials were finished. */
function startRunners(model: Model, schedule: Schedule, random: Random, runners: number): () => number {
  const queue: number[] = [];
  let busy = 0;
  let finished = 0;
  const effects = new Map<string, number>();
  const pickUp = () => {
    while (busy < runners) {
      const id = queue.shift();
      if (id === undefined) return;
      busy++;
      changeRun(model, 'runner', id, { status: 'in_progress' });
      schedule.after(BUDGET_SECONDS + OVERHEAD_SECONDS, () => {
        busy--;
        finished++;
        const record = model.runs.get(id);
        if (record?.status === 'in_progress') {
          const artifacts = [measurement(model, record, effects, random)];
          changeRun(model, 'runner', id, { status: 'completed', conclusion: 'success', artifacts });
        }
        pickUp();
      });
    }
  };
  model.watchers.push(change => {
    if (change.table !== 'runs' || change.before || !change.after) return;
    const { id } = change.after;
    schedule.after(DISPATCH_SECONDS, () => {
      queue.push(id);
      pickUp();
    });
  });
  return () => finished;
}

/** The metric of a tree is the sum of what its ideas do: 10 % help and 65 % hurt (half-normal, 0.0015), 25 % do nothing. */
function measurement(
  model: Model,
  { inputs }: RunRecord,
  effects: Map<string, number>,
  random: Random,
): string {
  const { trial, base, candidate = '', seed, budget } = inputs;
  const tree = model.git.commit(candidate)?.tree ?? '';
  const ideas = model.git.tree(tree)?.get(SETTINGS)?.split('\n').slice(1, -1) ?? [];
  let value = 1 + NOISE * random.normal();
  for (const idea of ideas) {
    const kind = random.next();
    const size = Math.abs(random.normal()) * 0.0015;
    const effect = effects.get(idea) ?? (kind < 0.1 ? -size : kind < 0.35 ? 0 : size);
    effects.set(idea, effect);
    value += effect;
  }
  return JSON.stringify({
    version: 1,
    trial,
    base,
    candidate,
    tree,
    seed: Number(seed),
    budgetSeconds: Number(budget),
    machine: 'GPU A',
    digest: 'd1',
    sandbox: 'bubblewrap',
    outcome: { status: 'measured', value },
    refereed: null,
    trainingSeconds: BUDGET_SECONDS,
    totalSeconds: BUDGET_SECONDS + OVERHEAD_SECONDS,
    peakMemoryMb: 1000,
    reported: {},
  });
}

function startApp(model: Model, schedule: Schedule, paced: boolean): void {
  const fail = (error: unknown) => {
    throw error;
  };
  const loop = startLoop(contextOf(model, schedule, paced), {
    pollSeconds: POLL_SECONDS,
    sleep: schedule.sleep,
    seconds: () => schedule.now() / 1000,
    observer: { stepped() {}, failed: fail, agentThrew: fail },
  });
  model.watchers.push(({ table }) => {
    if (table !== 'checks') schedule.after(WEBHOOK_SECONDS, loop.nudge);
  });
}

function contextOf(model: Model, schedule: Schedule, paced: boolean): Omit<Context, 'thinking'> {
  const agent = thinker(schedule);
  return {
    port: modelPort(model, paced ? pacedLine(schedule) : quickLine(schedule)),
    agentEnv: {},
    chooseAgent: () => ({ kind: 'agent', agent }),
    drawChart: () => '<svg/>',
    seedSecret: 'secret',
    secrets: [],
    serverUrl: 'https://github.test',
    templates: { contract: '', workflow: '' },
    now: () => new Date(schedule.now()),
    log: { info() {}, warn() {}, error() {} },
  };
}

/** Thinks for its time, and has an idea that nobody had. */
function thinker(schedule: Schedule): Agent {
  let ideas = 0;
  return {
    name: 'model',
    async propose({ files }) {
      await schedule.sleep(THINK_SECONDS);
      const edits = [{ path: SETTINGS, search: 'ideas:\n', replace: `ideas:\n${++ideas}\n` }];
      const idea = { title: `idea ${ideas}`, hypothesis: 'It may help.', edits };
      const applied = applyEdits(files, edits, [SETTINGS]);
      if (applied.kind === 'refused') return { kind: 'failed', reason: applied.reason, cost: NO_COST };
      return { kind: 'idea', idea, files: applied.files, cost: NO_COST };
    },
  };
}

function quickLine(schedule: Schedule): Line {
  return async (_call, _what, effect) => {
    await schedule.sleep(CALL_SECONDS);
    return effect();
  };
}

/** Calls that write, and the seconds between them and the next: what Probot's throttling keeps to. */
const PACE: Record<string, number> = {
  createPull: 3,
  createComment: 3,
  merge: 3,
  createTree: 1,
  createCommit: 1,
  createBranch: 1,
  moveBranch: 1,
  deleteBranch: 1,
  updatePull: 1,
  addLabel: 1,
  updateComment: 1,
  deleteComment: 1,
  react: 1,
  createCheck: 1,
  restartCheck: 1,
  completeCheck: 1,
  dispatch: 1,
  cancelRun: 1,
};

function pacedLine(schedule: Schedule): Line {
  const free = { writes: 0, notifying: 0 };
  return async (call, _what, effect) => {
    const pace = PACE[call] ?? 0;
    if (pace > 0) {
      const at = Math.max(schedule.now(), free.writes, pace > 1 ? free.notifying : 0);
      free.writes = at + 1000;
      if (pace > 1) free.notifying = at + pace * 1000;
      await schedule.sleep((at - schedule.now()) / 1000);
    }
    await schedule.sleep(CALL_SECONDS);
    return effect();
  };
}
