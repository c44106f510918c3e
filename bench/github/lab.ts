/** The App against the local GitHub, with runners that answer at once and a clock that only this moves: for counting requests. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Probot } from 'probot';
import type { Agent } from '../../src/agents/agent.ts';
import { applyEdits } from '../../src/agents/edit.ts';
import type { Action } from '../../src/campaign/action.ts';
import { NO_COST } from '../../src/campaign/idea.ts';
import { emptyLoopMemory, step } from '../../src/controller/step.ts';
import { limitedAndCached, octokitPort } from '../../src/github/client/octokit.ts';
import { createRateLimit } from '../../src/github/client/rate-limit.ts';
import type { Context } from '../../src/github/context.ts';
import { createThinking } from '../../src/github/thinking.ts';
import { UnhurriedOctokit } from '../../src/local/client.ts';
import { type LocalGitHub, startLocalGitHub } from '../../src/local/github/index.ts';
import type { Job } from '../../src/local/jobs.ts';
import { MEASUREMENT_ARTIFACT, MEASUREMENT_FILE } from '../../src/protocol/measurement.ts';

/** One request of the App's. */
export interface Taken {
  method: string;
  /** Below the repository, such as `/pulls/3`. */
  path: string;
  status: number;
}

export interface Lab {
  /** What the App asked of GitHub since the last call, oldest first. */
  taken(): Taken[];
  /** One look of the App, a second after the last. */
  look(): Promise<Action>;
  /** Looks until there is nothing to do but wait; returns how many looks that took. */
  work(): Promise<number>;
  pass(seconds: number): void;
  /** Ends every run with the number that `value` gives for its trial; returns how many there were. */
  measure(value: (trial: string) => number): Promise<number>;
  close(): Promise<void>;
}

const REPO = { owner: 'ann', repo: 'gpt' };
const START = Date.parse('2026-03-08T00:00:00Z');
const SETTINGS = 'settings.txt';
const TOKEN = 'token-of-ann';
const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const INPUTS = ['trial', 'base', 'candidate', 'seed', 'budget', 'timeout'];
export const WORKFLOW = `name: experiment
run-name: \${{ inputs.trial }}
on:
  workflow_dispatch:
    inputs:
${INPUTS.map(name => `      ${name}: {type: string}`).join('\n')}
jobs:
  trial: {runs-on: [self-hosted, gpu], steps: []}
`;

/** The repository's first commit. */
function files(): Map<string, string> {
  return new Map([
    [
      '.github/research.yml',
      `editable: [${SETTINGS}]\nbrief: program.md\nmetric: {name: loss, goal: minimize}\ntrial: {budget: 5m, timeout: 10m}\nlimits: {experiments: 5000}\n`,
    ],
    ['.github/workflows/experiment.yml', WORKFLOW],
    ['program.md', 'Make the loss smaller.\n'],
    [SETTINGS, 'depth = 0\n'],
  ]);
}

/** Sets the one setting to the number of the experiment. */
const counting: Agent = {
  name: 'explore',
  async propose({ files: before, number, objection }) {
    const now = /\d+/.exec(before.get(SETTINGS) ?? '')?.[0] ?? '0';
    const edits = [{ path: SETTINGS, search: `depth = ${now}`, replace: `depth = ${number}` }];
    const idea = { title: `depth ${number}`, hypothesis: 'It may help.', edits };
    const applied = applyEdits(before, edits, [SETTINGS]);
    const reason = applied.kind === 'refused' ? applied.reason : await objection(idea, applied.files);
    if (applied.kind === 'refused' || reason !== null)
      return { kind: 'failed', reason: reason ?? '', cost: NO_COST };
    return { kind: 'idea', idea, files: applied.files, cost: NO_COST };
  },
};

interface LabOptions {
  /** Where GitHub keeps what it has; by default an empty folder that goes when the lab is closed. */
  dir?: string;
  /** How long after the beginning of the lab's time this one opens. */
  afterSeconds?: number;
}

/** Starts GitHub and the App; where there is no repository yet, with a campaign of `experiments` just asked for. */
export async function openLab(experiments: number, options: LabOptions = {}): Promise<Lab> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'autoresearch-lab-'));
  let now = START + (options.afterSeconds ?? 0) * 1000;
  const book = bookkeeper();
  const github = await startLocalGitHub({
    port: 0,
    dir,
    clock: () => new Date(now),
    app: {
      id: 7,
      slug: 'research',
      name: 'Research',
      publicKey: KEYS.publicKey,
      webhookSecret: 'a secret of the bench',
    },
    users: [{ login: 'ann', token: TOKEN, permission: 'admin' }],
    afterwards: book.note,
  });
  const { context, fresh, ask } = await appAt(github, () => new Date(now), files());
  if (fresh) await ask(`/research ${experiments}`);
  book.taken();
  const memory = emptyLoopMemory();
  const lab: Lab = {
    taken: book.taken,
    async look() {
      now += 1000;
      return step(context, memory);
    },
    async work() {
      for (let looks = 1; ; looks++) {
        const { kind } = await lab.look();
        await settled(context);
        if (kind === 'wait') return looks;
      }
    },
    pass(seconds) {
      now += seconds * 1000;
    },
    async measure(value) {
      const before = book.taken();
      const runs = await measureAll(github, value);
      book.taken();
      book.put(before);
      return runs;
    },
    async close() {
      await github.close();
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
  return lab;
}

/** Waits until no agent thinks. */
async function settled({ thinking }: Context): Promise<void> {
  while (thinking.thoughts().some(({ state }) => state === 'thinking'))
    await new Promise(resolve => setTimeout(resolve, 1));
}

/** An App's context, whether the repository is new, and a way to ask for something on a new issue. */
async function appAt(
  github: LocalGitHub,
  now: () => Date,
  content: ReadonlyMap<string, string>,
): Promise<{ context: Context; fresh: boolean; ask(text: string): Promise<void> }> {
  const fresh = !github.hasRepository(REPO.owner, REPO.repo);
  if (fresh)
    await github.createRepository({ owner: REPO.owner, name: REPO.repo, files: content, private: true });
  const baseUrl = `${github.url}/api/v3`;
  const probot = new Probot({
    appId: 7,
    privateKey: KEYS.privateKey,
    secret: 'a secret of the bench',
    baseUrl,
    logLevel: 'fatal',
    Octokit: UnhurriedOctokit,
  });
  const app = await probot.auth();
  const { id = 0 } = (await app.rest.apps.listInstallations()).data[0] ?? {};
  const octokit = limitedAndCached(await probot.auth(id), createRateLimit());
  const ann = new UnhurriedOctokit({ baseUrl, auth: { token: TOKEN } });
  const port = octokitPort(octokit, { owner: REPO.owner, name: REPO.repo }, 'research[bot]');
  const context: Context = {
    port,
    agentEnv: {},
    thinking: createThinking(
      () => {},
      error => {
        throw error;
      },
    ),
    chooseAgent: () => ({ kind: 'agent', agent: counting }),
    drawChart: () => '<svg/>',
    seedSecret: 'secret',
    secrets: [],
    serverUrl: github.url,
    templates: { contract: '', workflow: '' },
    now,
    log: { info() {}, warn() {}, error() {} },
  };
  async function ask(body: string): Promise<void> {
    const { data } = await ann.rest.issues.create({ ...REPO, title: 'Better' });
    await ann.rest.issues.createComment({ ...REPO, issue_number: data.number, body });
  }
  return { context, fresh, ask };
}

/** Writes down every request that the server has answered. */
function bookkeeper() {
  const requests: Taken[] = [];
  return {
    note({ method, url }: Request, { status }: Response): undefined {
      const path = new URL(url).pathname.replace(`/api/v3/repos/${REPO.owner}/${REPO.repo}`, '');
      requests.push({ method, path: decodeURIComponent(path), status });
    },
    taken: () => requests.splice(0),
    put: (before: readonly Taken[]) => void requests.push(...before),
  };
}

/** Takes every queued job and leaves a measurement of it. */
async function measureAll(github: LocalGitHub, value: (trial: string) => number): Promise<number> {
  for (let runs = 0; ; runs++) {
    const none = new AbortController();
    const taking = github.jobs.take({ name: 'runner', labels: ['gpu'] }, none.signal);
    // A job that is there was handed out at once.
    setImmediate(() => none.abort());
    const job = await taking.catch(() => null);
    if (!job) return runs;
    const text = JSON.stringify(await measurementOf(github, job, value(job.title)));
    github.jobs.upload(
      job.runId,
      MEASUREMENT_ARTIFACT,
      new Map([[MEASUREMENT_FILE, new TextEncoder().encode(text)]]),
    );
    github.jobs.complete(job.jobId, 'success');
  }
}

/** What a job's runner uploads. */
export async function measurementOf(github: LocalGitHub, { inputs, token }: Job, value: number) {
  const { trial, base, candidate = '', seed, budget } = inputs;
  const reader = new UnhurriedOctokit({ baseUrl: `${github.url}/api/v3`, auth: { token } });
  const { data } = await reader.rest.git.getCommit({ ...REPO, commit_sha: candidate });
  return {
    version: 1,
    trial,
    base,
    candidate,
    tree: data.tree.sha,
    seed: Number(seed),
    budgetSeconds: Number(budget),
    machine: 'GPU A',
    digest: 'd1',
    sandbox: 'bubblewrap',
    outcome: { status: 'measured', value },
    refereed: null,
    trainingSeconds: 300,
    totalSeconds: 325,
    peakMemoryMb: 1000,
    reported: {},
  };
}
