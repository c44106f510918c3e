/** A whole world for stories: GitHub, runners and a language model on this machine, and the App as a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Answer, ScriptedOpenAI, ScriptedRequest } from '../agents/scripted-openai.test-helper.ts';
import { runJobs } from '../local/runner/run-jobs.ts';
import { type BotSettings, clockOf } from './bot-settings.test-helper.ts';
import type { Faults } from './faults.test-helper.ts';
import { APP, openTown, type Town } from './github.test-helper.ts';
import { inOrder, startModel } from './model.test-helper.ts';
import { CHECKOUT, expectBundle } from './repository.test-helper.ts';
import { takeTrials } from './trials.test-helper.ts';

export interface WorldOptions extends Partial<Faults> {
  /** Language model; by default it proposes one change after the other. */
  model?: (request: ScriptedRequest) => Answer;
  /** True: trials are jobs of the workflow, from checkout to artifact. Else they are taken in this process, in a tenth of the time. */
  jobs?: boolean;
  /** False: no webhook ever reaches the App. */
  webhooks?: boolean;
  pollSeconds?: number;
  /** How much faster than ours the App's clock and GitHub's run. */
  clockRate?: number;
  /** Where the runners find programs and prepared data; by default the machine's own, and an empty folder. */
  path?: string;
  data?: string;
}

export interface World extends Town {
  model: ScriptedOpenAI;
  bot: Bot;
  /** Trials with this setting, such as `depth: 2`, train until `release`. */
  hold(setting: string): void;
  release(): void;
  /** Errors that the App logged, and the end of its log. */
  errors(): string[];
}

interface Bot {
  start(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Two minutes pass in three seconds. */
const CLOCK_RATE = 40;

/** Starts everything but the App, which `bot.start` does. All of it ends with the test that called this. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  if (options.jobs) expectBundle();
  const dir = mkdtempSync(join(tmpdir(), 'autoresearch-story-'));
  const data = join(dir, 'data');
  mkdirSync(data);
  const clock = { since: Date.now(), rate: options.clockRate ?? CLOCK_RATE };
  const logFile = join(dir, 'bot.log');
  const errors = () => errorsIn(logFile);
  const town = await openTown({ ...options, dir, errors, clock: clockOf(clock) });
  const { github } = town;
  const model = await startModel(options.model ?? inOrder);
  const stop = new AbortController();
  const working = { dir: join(dir, 'work'), signal: stop.signal };
  const runner = options.jobs
    ? runJobs(github.jobs, {
        ...working,
        name: 'runner',
        labels: ['self-hosted', 'gpu'],
        path: options.path ?? process.env.PATH ?? '',
        env: { AUTORESEARCH_DATA: options.data ?? data },
        actionDir: CHECKOUT,
      })
    : takeTrials(github.jobs, { ...working, data });
  const bot = createBot(
    { ...APP, baseUrl: `${github.url}/api/v3`, logFile, clock },
    {
      OPENAI_BASE_URL: model.baseURL,
      AUTORESEARCH_POLL_SECONDS: String(options.pollSeconds ?? 5),
      // An App that is killed again and again should start fast.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(dir, 'compiled'),
    },
    port =>
      github.setWebhookUrl(
        options.webhooks === false ? undefined : `http://127.0.0.1:${port}/api/github/webhooks`,
      ),
  );
  after(async () => {
    await bot.kill();
    stop.abort();
    await runner;
    await model.close();
    await github.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    ...town,
    model,
    bot,
    errors,
    hold: setting => writeFileSync(join(data, 'hold'), `^${setting}$\n`),
    release: () => rmSync(join(data, 'hold'), { force: true }),
  };
}

function createBot(
  settings: BotSettings,
  environment: Record<string, string>,
  onListening: (port: number) => void,
): Bot {
  let child: ChildProcess | null = null;
  return {
    async start() {
      const env = { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...environment };
      child = fork(new URL('bot.test-helper.ts', import.meta.url), [JSON.stringify(settings)], {
        env,
        execArgv: ['--disable-warning=ExperimentalWarning'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
      if (typeof message === 'object' && message !== null && 'port' in message)
        onListening(Number(message.port));
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function errorsIn(logFile: string): string[] {
  if (!existsSync(logFile)) return [];
  const lines = readFileSync(logFile, 'utf8').trim().split('\n');
  return lines.flatMap(line => {
    const { level, msg, err } = JSON.parse(line || '{}') as {
      level?: number;
      msg?: string;
      err?: { message?: string };
    };
    return (level ?? 0) >= 50 ? [`${msg}: ${err?.message ?? ''}`] : [];
  });
}
