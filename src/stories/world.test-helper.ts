/** A whole world for stories: GitHub, runners and a language model on this machine, and the App as a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Octokit } from '@octokit/rest';
import type { Answer, ScriptedOpenAI, ScriptedRequest } from '../agents/scripted-openai.test-helper.ts';
import { type LocalGitHub, startLocalGitHub } from '../local/github/index.ts';
import type { LocalGitHubOptions } from '../local/github/options.ts';
import { runJobs } from '../local/runner/run-jobs.ts';
import { type BotSettings, clockOf } from './bot-settings.test-helper.ts';
import { inOrder, startModel } from './model.test-helper.ts';
import { type Place, placeIn } from './place.test-helper.ts';
import { CHECKOUT, expectBundle } from './repository.test-helper.ts';

export type Person = 'alice' | 'bob' | 'eve';

export interface WorldOptions {
  /** Language model; by default it proposes one change after the other. */
  model?: (request: ScriptedRequest) => Answer;
  runners?: number;
  /** False: no webhook ever reaches the App. */
  webhooks?: boolean;
  pollSeconds?: number;
  intercept?: LocalGitHubOptions['intercept'];
  afterwards?: LocalGitHubOptions['afterwards'];
  /** How much faster than ours the App's clock and GitHub's run. */
  clockRate?: number;
  /** Where the runners find programs and prepared data; by default the machine's own, and an empty folder. */
  path?: string;
  data?: string;
}

export interface World {
  github: LocalGitHub;
  model: ScriptedOpenAI;
  people: Record<Person, Octokit>;
  bot: Bot;
  /** A private repository of alice's, with what people do there. */
  place(name: string, files: ReadonlyMap<string, string>, isPrivate?: boolean): Promise<Place>;
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
const SECRET = 'a secret of the stories';
const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const TOKENS: Record<Person, string> = { alice: 'token-of-alice', bob: 'token-of-bob', eve: 'token-of-eve' };

/** Starts everything but the App, which `bot.start` does. All of it ends with the test that called this. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  expectBundle();
  const dir = mkdtempSync(join(tmpdir(), 'autoresearch-story-'));
  const data = join(dir, 'data');
  mkdirSync(data);
  const clock = { since: Date.now(), rate: options.clockRate ?? CLOCK_RATE };
  const github = await startLocalGitHub({
    port: 0,
    dir: join(dir, 'github'),
    pages: true,
    clock: clockOf(clock),
    app: {
      id: 1,
      slug: 'autoresearch-bot',
      name: 'autoresearch-bot',
      publicKey: KEYS.publicKey,
      webhookSecret: SECRET,
    },
    users: [
      { login: 'alice', token: TOKENS.alice, permission: 'admin' },
      { login: 'bob', token: TOKENS.bob, permission: 'write' },
      { login: 'eve', token: TOKENS.eve, permission: 'read' },
    ],
    ...(options.intercept && { intercept: options.intercept }),
    ...(options.afterwards && { afterwards: options.afterwards }),
  });
  const model = await startModel(options.model ?? inOrder);
  const stop = new AbortController();
  const runners = Array.from({ length: options.runners ?? 1 }, (_, i) =>
    runJobs(github.jobs, {
      name: `runner-${i + 1}`,
      labels: ['self-hosted', 'gpu'],
      dir: join(dir, `work-${i + 1}`),
      path: options.path ?? process.env.PATH ?? '',
      env: { AUTORESEARCH_DATA: options.data ?? data },
      signal: stop.signal,
      actionDir: CHECKOUT,
    }),
  );
  const logFile = join(dir, 'bot.log');
  const bot = createBot(
    {
      appId: 1,
      privateKey: KEYS.privateKey,
      secret: SECRET,
      baseUrl: `${github.url}/api/v3`,
      logFile,
      clock,
    },
    {
      OPENAI_BASE_URL: model.baseURL,
      AUTORESEARCH_POLL_SECONDS: String(options.pollSeconds ?? 5),
      // An App that is killed twenty times should start fast.
      NODE_COMPILE_CACHE: join(dir, 'compiled'),
    },
    port =>
      github.setWebhookUrl(
        options.webhooks === false ? undefined : `http://127.0.0.1:${port}/api/github/webhooks`,
      ),
  );
  after(async () => {
    await bot.kill();
    stop.abort();
    await Promise.allSettled(runners);
    await model.close();
    await github.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const people = { alice: client(github, 'alice'), bob: client(github, 'bob'), eve: client(github, 'eve') };
  const errors = () => errorsIn(logFile);
  return {
    github,
    model,
    people,
    bot,
    errors,
    hold: setting => writeFileSync(join(data, 'hold'), `^${setting}$\n`),
    release: () => rmSync(join(data, 'hold'), { force: true }),
    async place(name, files, isPrivate = true) {
      await github.createRepository({ owner: 'alice', name, files, private: isPrivate });
      return placeIn(
        { url: github.url, token: TOKENS.alice, people, errors, dir: join(dir, 'clones') },
        name,
      );
    },
  };
}

function client(github: LocalGitHub, person: Person): Octokit {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ baseUrl: `${github.url}/api/v3`, auth: TOKENS[person], log, request: { retries: 0 } });
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
