/**
 * The App with GitHub, runner and language model in one process, over HTTP, in a time that nobody waits for: a process of its own
 * would take a second to start after it was killed, and here it is killed at each of its writes.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Probot } from 'probot';
import { agentChooser } from '../agents/create.ts';
import { emptyLoopMemory, step } from '../controller/step.ts';
import { limitedAndCached, octokitPort } from '../github/client/octokit.ts';
import { createRateLimit } from '../github/client/rate-limit.ts';
import type { Context } from '../github/context.ts';
import { statusOf } from '../github/errors.ts';
import { createThinking } from '../github/thinking.ts';
import { UnhurriedOctokit } from '../local/client.ts';
import { progressChart } from '../render/chart.ts';
import { starterTemplates } from '../starter/templates.ts';
import type { Faults } from './faults.test-helper.ts';
import { APP, BOT, openTown, type Town } from './github.test-helper.ts';
import { inOrder, startModel } from './model.test-helper.ts';
import type { Place } from './place.test-helper.ts';
import { takeQueuedTrials } from './trials.test-helper.ts';

export interface Lives extends Town {
  /** Lets an App look after the place, one life after the other, until `isOver` says so while it waits. */
  live(place: Place, isOver: () => Promise<boolean>): Promise<void>;
  /** Ends the life of the App as SIGKILL would: what it asked for is never answered. The next one begins with the next look. */
  kill(): void;
}

interface Life {
  dead: boolean;
  /** One look and one action; returns for how many seconds to wait at most. Never, where the App is killed meanwhile. */
  look(): Promise<number>;
  killed: Promise<null>;
  kill(): void;
}

/** Longer than any list lags. */
const LONGEST_WAIT_SECONDS = 60;
/** A trial takes up to so long: the App waits for it. */
const TRIAL_SECONDS = 60;
/** More than a campaign takes that is interrupted at each of its writes. */
const MOST_LOOKS = 5000;

/** Starts everything; all of it ends with the test that called this. */
export async function startLives(faults: Partial<Faults> = {}): Promise<Lives> {
  const dir = mkdtempSync(join(tmpdir(), 'autoresearch-lives-'));
  const data = join(dir, 'data');
  mkdirSync(data);
  let now = Date.now();
  const clock = () => new Date(now);
  const town = await openTown({ ...faults, dir, clock, errors: () => [] });
  const model = await startModel(inOrder);
  const runner = { dir: join(dir, 'work'), data, signal: new AbortController().signal };
  let trialsEnd = 0;
  let life: Life | null = null;
  after(async () => {
    await model.close();
    await town.github.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    ...town,
    kill() {
      life?.kill();
      life = null;
    },
    async live(place, isOver) {
      for (let looks = 0; looks < MOST_LOOKS; looks++) {
        life ??= await begin({ place, serverUrl: town.github.url, modelUrl: model.baseURL, clock });
        now += 1000;
        const seconds = await Promise.race([life.look().catch(unlessRefused), life.killed]);
        if (!seconds) continue;
        now += 1000 * Math.min(seconds, LONGEST_WAIT_SECONDS);
        if (now < trialsEnd) continue;
        trialsEnd = now + 1000 * TRIAL_SECONDS;
        if ((await takeQueuedTrials(town.github.jobs, runner)) === 0 && (await isOver())) return;
      }
      throw new Error(`Expected the end within ${MOST_LOOKS} looks.`);
    },
  };
}

/** What GitHub refused is tried again with the next look. */
function unlessRefused(error: unknown): number {
  if (statusOf(error) === undefined) throw error;
  return 0;
}

interface Surroundings {
  place: Place;
  serverUrl: string;
  modelUrl: string;
  clock: () => Date;
}

async function begin({ place: { repo }, serverUrl, modelUrl, clock }: Surroundings): Promise<Life> {
  let end = () => {};
  const killed = new Promise<null>(resolve => {
    end = () => resolve(null);
  });
  const life: Life = {
    dead: false,
    killed,
    kill() {
      life.dead = true;
      end();
    },
    async look() {
      const action = await step(context, memory);
      while (!life.dead && context.thinking.thoughts().some(({ state }) => state === 'thinking'))
        await sleep(1);
      return action.kind === 'wait' ? action.seconds : 0;
    },
  };
  const answered: typeof fetch = async (...request) => {
    const answer = await fetch(...request);
    return life.dead ? new Promise<never>(() => {}) : answer;
  };
  const retry = { retryAfterBaseValue: 1 };
  const Octokit = UnhurriedOctokit.defaults({ request: { fetch: answered }, retry });
  const probot = new Probot({ ...APP, baseUrl: `${serverUrl}/api/v3`, logLevel: 'fatal', Octokit });
  const { data } = await (await probot.auth()).rest.apps.listInstallations();
  const octokit = limitedAndCached(await probot.auth(data[0]?.id), createRateLimit());
  const memory = emptyLoopMemory();
  const context: Context = {
    port: octokitPort(octokit, { owner: repo.owner, name: repo.repo }, BOT),
    agentEnv: { OPENAI_BASE_URL: modelUrl },
    thinking: createThinking(
      () => {},
      error => {
        throw error;
      },
    ),
    chooseAgent: agentChooser(),
    drawChart: progressChart,
    seedSecret: APP.secret,
    secrets: [],
    serverUrl,
    templates: starterTemplates(),
    now: clock,
    log: { info() {}, warn() {}, error() {} },
  };
  return life;
}
