/** The services of the demo: a local GitHub, the App and the runners, all in this process. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import path from 'node:path';
import { pino } from 'pino';
import { Probot } from 'probot';
import { WEBHOOK_PATH } from '../../app/endpoint.ts';
import type { settingsFrom } from '../../app/settings.ts';
import { startApp } from '../../index.ts';
import { withoutSecrets } from '../../protocol/secrets.ts';
import { UnhurriedOctokit } from '../client.ts';
import { startLocalGitHub } from '../github/index.ts';
import type { Job } from '../jobs.ts';
import { runJobs } from '../runner/run-jobs.ts';
import { GITHUB_FOLDER } from './connection.ts';

export interface ServicesOptions {
  /** Directory for git storage, workspaces and the log. */
  dir: string;
  /** Port of the local GitHub; 0 for any. */
  port: number;
  runners: number;
  /** Environment of the jobs. */
  environment: NodeJS.ProcessEnv;
  /** What the environment says about the App. */
  settings: ReturnType<typeof settingsFrom>;
  /** Directory of the action that `uses: OWNER/autoresearch-bot@…` refers to. */
  actionDir: string;
  onLine(job: Job, line: string): void;
  /** Called if a service fails and the demo cannot continue. */
  onFailure(error: Error): void;
}

export interface Services {
  url: string;
  /** Path of the App's log. */
  log: string;
  /** Token of the demo's user. */
  token: string;
  /** Imports the git repository at `from`, whose HEAD becomes the default branch. */
  createRepository(repository: {
    owner: string;
    name: string;
    from: string;
    defaultBranch: string;
  }): Promise<void>;
  close(): Promise<void>;
}

const APP_ID = 1;
const SLUG = 'autoresearch-bot';
const HOST = '127.0.0.1';
const LABELS = ['self-hosted', 'gpu'];
/** Polling is only a fallback here, because webhooks reach the App immediately. */
const POLL_SECONDS = 5;

/** Starts all services. Throws if a port is in use. Call `close` at the end. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const key = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = randomBytes(20).toString('hex');
  const user = { login: 'you', token: randomBytes(10).toString('hex') };
  const logFile = path.join(options.dir, 'bot.log');
  const log = pino(
    { level: process.env.LOG_LEVEL ?? 'info' },
    // Written at once, so that the log is complete however the demo ends. A full disk only costs lines of it.
    pino.destination({ dest: logFile, mkdir: true, sync: true }).on('error', () => {}),
  );
  const github = await startLocalGitHub({
    port: options.port,
    dir: path.join(options.dir, GITHUB_FOLDER),
    app: { id: APP_ID, slug: SLUG, name: SLUG, publicKey: key.publicKey, webhookSecret: secret },
    users: [{ ...user, permission: 'admin' }],
    pages: true,
    onError: error => log.error({ err: error }, 'error in the local GitHub'),
  });
  const stop = new AbortController();
  const probot = new Probot({
    appId: APP_ID,
    privateKey: key.privateKey,
    secret,
    baseUrl: `${github.url}/api/v3`,
    log,
    Octokit: UnhurriedOctokit,
  });
  const app = await startApp(
    probot,
    {
      ...options.settings,
      pollSeconds: POLL_SECONDS,
      seedSecret: secret,
      signal: stop.signal,
    },
    { host: HOST, port: 0, secret },
  );
  github.setWebhookUrl(`http://${HOST}:${app.port}${WEBHOOK_PATH}`);
  const runners = Array.from({ length: options.runners }, (_, i) =>
    runJobs(github.jobs, {
      name: `runner-${i + 1}`,
      labels: LABELS,
      dir: path.join(options.dir, 'work', String(i + 1)),
      path: options.environment.PATH ?? '',
      // A candidate without a sandbox can read the environment of the job's processes.
      env: definedOnly(withoutSecrets(options.environment)),
      signal: stop.signal,
      actionDir: options.actionDir,
      onLine: options.onLine,
    }).catch(options.onFailure),
  );
  return {
    url: github.url,
    log: logFile,
    token: user.token,
    // The App refuses public repositories with self-hosted runners by default.
    createRepository: ({ owner, name, from, defaultBranch }) =>
      github.createRepository({ owner, name, from, defaultBranch, private: true }),
    close: async () => {
      stop.abort();
      await Promise.all(runners);
      await app.close();
      await github.close();
    },
  };
}

function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
