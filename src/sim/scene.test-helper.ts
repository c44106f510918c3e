/** One repository in the model and one App at its side, step by step: for tests of what a look does. */
import assert from 'node:assert/strict';
import type { Agent } from '../agents/agent.ts';
import { applyEdits } from '../agents/edit.ts';
import type { Action } from '../campaign/action.ts';
import { NO_COST } from '../campaign/idea.ts';
import { FIRST_FINAL } from '../campaign/trial-id.ts';
import { emptyLoopMemory, step } from '../controller/step.ts';
import type { Context } from '../github/context.ts';
import { createThinking } from '../github/thinking.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { statusComments } from './invariants/read.ts';
import { type ContractOptions, NAMES, repositoryFiles, SETTINGS, settingOf } from './landscape.ts';
import { changeRun } from './model/actions.ts';
import { addComment, openIssue } from './model/issues.ts';
import { clearLine, type Line, modelPort } from './model/port.ts';
import { setBranch } from './model/refs.ts';
import { createModel, type Model, type RunRecord, tipOf } from './model/state.ts';

export interface Scene {
  model: Model;
  issue: number;
  context: Context;
  /** Milliseconds that lists are behind. */
  lag: number;
  /** Carries every call; to be replaced by one on which something goes wrong. */
  line: Line;
  /** One look, a second after the last; a new process looks with nothing in its memory. */
  look(): Promise<Action>;
  /** Looks until there is nothing to do but wait, and returns what was done. */
  work(): Promise<Action['kind'][]>;
  restart(): void;
  pass(seconds: number): void;
  say(text: string, author?: string): number;
  /** Somebody comments on an experiment's pull request. */
  sayOn(pull: number, text: string, author?: string): number;
  /** Ends a run with this number; without one, without a measurement. Previews come to the value in the end. */
  measure(trial: string, value?: number, audit?: Audit): void;
  /** Ends a run at half of its budget, for this preview. */
  stop(trial: string, preview: number): void;
  /** Ends a run with an exception of the candidate's. */
  crash(trial: string): void;
}

const START = Date.parse('2026-03-08T00:00:00Z');
const BOT = 'autoresearch[bot]';

/** Whether the referee asked again, and what did not agree. */
type Audit = 'audited' | 'not audited' | 'flagged';

/** A campaign of `experiments` that somebody just asked for. */
export function campaignScene(
  experiments: number,
  parallel = 1,
  contract: Partial<ContractOptions> = {},
): Scene {
  let now = START;
  const model = createModel({
    now: () => now,
    files: repositoryFiles({
      refereed: false,
      parallel,
      experimentsLimit: 100,
      hoursLimit: null,
      usdLimit: null,
      crashesInARow: 3,
      apart: false,
      ladder: [],
      atLeast: null,
      timeToQuality: 0,
      digest: null,
      thinker: 'explore',
      leastQuality: null,
      ...contract,
    }),
    permissions: new Map([
      ['alice', 'admin'],
      ['bob', 'write'],
    ]),
    owner: 'alice',
    name: 'gpt',
    botLogin: BOT,
  });
  let memory = emptyLoopMemory();
  const scene: Scene = {
    model,
    issue: openIssue(model, 'alice'),
    lag: 0,
    line: clearLine,
    context: {
      port: modelPort(
        model,
        (call, what, effect) => scene.line(call, what, effect),
        () => scene.lag,
      ),
      agentEnv: {},
      thinking: createThinking(
        () => {},
        error => assert.fail(String(error)),
      ),
      chooseAgent: () => ({ kind: 'agent', agent: counting }),
      drawChart: () => '<svg/>',
      seedSecret: 'secret',
      secrets: [],
      serverUrl: 'https://github.test',
      templates: { contract: '', workflow: '' },
      now: () => new Date(now),
      log: { info() {}, warn() {}, error() {} },
    },
    async look() {
      now += 1000;
      return step(scene.context, memory);
    },
    async work() {
      const done: Action['kind'][] = [];
      for (;;) {
        const { kind } = await scene.look();
        // The agent answers at once, but not within the look.
        await new Promise(setImmediate);
        if (kind === 'wait') return done;
        done.push(kind);
      }
    },
    restart: () => {
      memory = emptyLoopMemory();
    },
    pass: seconds => {
      now += seconds * 1000;
    },
    say: (text, author = 'alice') => addComment(model, author, scene.issue, text).id,
    sayOn: (pull, text, author = 'bob') => addComment(model, author, pull, text).id,
    measure: (trial, value, audit = 'audited') =>
      end(
        model,
        trial,
        value === undefined
          ? null
          : {
              outcome: { status: 'measured', value },
              preview: value,
              refereed: contract.refereed ? refereedAs(value, audit) : null,
            },
      ),
    stop: (trial, preview) =>
      end(model, trial, {
        outcome: { status: 'stopped', value: preview, at: 0.5 },
        preview,
        refereed: null,
      }),
    crash: trial =>
      end(model, trial, {
        outcome: { status: 'crash', reason: 'exception', message: 'ValueError', traceback: 'ValueError' },
        preview: null,
        refereed: null,
      }),
  };
  scene.say(`/research ${experiments}`);
  return scene;
}

/** Sets one setting after the other to 6, then to 7, and so on; of people's ideas it understands such as `depth = 3`. */
const counting: Agent = {
  name: 'explore',
  objectsTo: wish => (/^\w+ = \d+$/.test(wish) ? null : 'Expected an idea such as `depth = 3`.'),
  async propose({ files, number, wish }) {
    const next = NAMES[(number - 1) % NAMES.length] ?? 'depth';
    const replace = wish ?? `${next} = ${6 + Math.floor((number - 1) / NAMES.length)}`;
    const name = replace.split(' ')[0] ?? next;
    const edits = [{ path: SETTINGS, search: `${name} = ${settingOf(files, name)}`, replace }];
    const applied = applyEdits(files, edits, [SETTINGS]);
    if (applied.kind === 'refused') return { kind: 'failed', reason: applied.reason, cost: NO_COST };
    return {
      kind: 'idea',
      idea: { title: name, hypothesis: '', edits },
      files: applied.files,
      cost: NO_COST,
    };
  },
};

type Result = Pick<Measurement, 'outcome' | 'preview' | 'refereed'>;

function end(model: Model, trial: string, result: Result | null): void {
  const run = model.runs.values().find(({ title, status }) => title === trial && status !== 'completed');
  if (!run) throw new Error(`Expected a run of trial ${trial}.`);
  const artifacts = result ? [...run.artifacts, artifact(model, run, result)] : run.artifacts;
  changeRun(model, 'runner', run.id, { status: 'completed', conclusion: 'success', artifacts });
}

function artifact(model: Model, { inputs }: RunRecord, result: Result): string {
  const { trial, base, candidate = '', seed, budget } = inputs;
  return JSON.stringify({
    version: 1,
    trial,
    base,
    candidate,
    tree: model.git.commit(candidate)?.tree,
    seed: Number(seed),
    budgetSeconds: Number(budget),
    machine: 'GPU A',
    digest: 'd1',
    sandbox: 'bubblewrap',
    ...result,
    trainingSeconds: 300,
    totalSeconds: 320,
    peakMemoryMb: 1000,
    reported: {},
  });
}

function refereedAs(claimed: number, audit: Audit): Measurement['refereed'] {
  const flags = audit === 'flagged' ? ['the answers changed when what follows changed'] : [];
  const asked = { n: 100, sd: 0, largest: 0, smallestLie: 0.001, flags };
  const seconds = { startupSeconds: 10, scoringSeconds: 5, auditSeconds: 5 };
  return { claimed, audit: audit === 'not audited' ? null : asked, testValue: null, ...seconds };
}

/** Lets a campaign's champion be measured, three times 1.0 or nearly so, and its first experiments be opened. */
export async function measureChampion(scene: Scene): Promise<void> {
  for (const [k, value] of [1, 1.001, 0.999].entries()) {
    await scene.work();
    scene.measure(`${scene.issue}/0.${k + 1}`, value);
  }
  await scene.work();
}

/**
 * Measures whatever is asked for until there is nothing more to do: champions by the first value, experiment n by the n-th, and final
 * measurements by `finals`, in their order.
 */
export async function finish(
  scene: Scene,
  values: readonly number[],
  finals: readonly number[] = [],
): Promise<void> {
  for (let i = 0; i < 40; i++) {
    const done = await scene.work();
    const run = scene.model.runs.values().find(({ status }) => status !== 'completed');
    if (run) {
      const [, number = 0, k = 0] = run.title.split(/[/.]/).map(Number);
      scene.measure(
        run.title,
        (values[number] ?? finals[number - FIRST_FINAL] ?? 0) + 0.0001 * ((k % 3) - 1),
      );
    } else if (done.length === 0 && hasEnded(scene)) return;
    scene.pass(60);
  }
  assert.fail('The campaign does not end.');
}

function hasEnded({ model, issue }: Scene): boolean {
  const phase = statusComments(model, issue)[0]?.state.phase;
  return phase === 'finished' || phase === 'stopped';
}

/** Somebody commits on a branch. */
export function push({ model }: Scene, branch: string, path: string, text: string): string {
  const parent = tipOf(model, branch) ?? '';
  const files = model.git.tree(model.git.commit(parent)?.tree ?? '') ?? new Map<string, string>();
  const tree = model.git.writeTree(new Map([...files, [path, text]]));
  const sha = model.git.writeCommit({ tree, parents: [parent], message: 'By hand' }, String(model.now()));
  setBranch(model, 'alice', branch, sha);
  return sha;
}
