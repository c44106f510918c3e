/** A process with the App, a local GitHub and a runner that answers after a moment, in the middle of a campaign. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Probot } from 'probot';
import { settingsFrom } from '../../src/app/settings.ts';
import { startApp } from '../../src/index.ts';
import { UnhurriedOctokit } from '../../src/local/client.ts';
import { type LocalGitHub, startLocalGitHub } from '../../src/local/github/index.ts';
import { MEASUREMENT_ARTIFACT, MEASUREMENT_FILE } from '../../src/protocol/measurement.ts';
import { measurementOf, WORKFLOW } from '../github/lab.ts';

/** What the process says when the campaign is running. */
export interface Ready {
  port: number;
  secret: string;
  /** Of a webhook of the campaign's repository. */
  payload: { action: string; repository: object; installation: { id: number } };
}

/** What it says when it is asked, with any message. */
export interface Figures {
  /** Trials measured so far. */
  trials: number;
  logBytes: number;
  memoryBytes: number;
  cpuMs: number;
}

const REPO = { owner: 'ann', repo: 'gpt' };
const TRIAL_MS = 500;
const SECRET = 'a secret of the bench';
const TOKEN = 'token-of-ann';
const SETTINGS = ['depth', 'width', 'warmup', 'decay', 'batch', 'steps'].map(
  (name, i) => `${name.toUpperCase()} = ${i + 2}.5\n`,
);
const CONTRACT =
  'editable: [train.py]\nbrief: program.md\nmetric: {name: loss, goal: minimize}\ntrial: {budget: 5m, timeout: 10m}\n';
const FILES = new Map([
  ['.github/research.yml', CONTRACT],
  ['.github/workflows/experiment.yml', WORKFLOW],
  ['program.md', 'Make the loss smaller.\n'],
  ['train.py', SETTINGS.join('')],
]);

const dir = mkdtempSync(join(tmpdir(), 'autoresearch-endpoint-'));
const logFile = join(dir, 'app.log');
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const github = await startLocalGitHub({
  port: 0,
  dir: join(dir, 'github'),
  app: { id: 7, slug: 'research', name: 'Research', publicKey: keys.publicKey, webhookSecret: SECRET },
  users: [{ login: 'ann', token: TOKEN, permission: 'admin' }],
});
await github.createRepository({ owner: REPO.owner, name: REPO.repo, files: FILES, private: true });
const baseUrl = `${github.url}/api/v3`;
const log = pino({ level: 'info' }, pino.destination(logFile));
const probot = new Probot({
  appId: 7,
  privateKey: keys.privateKey,
  secret: SECRET,
  baseUrl,
  log,
  Octokit: UnhurriedOctokit,
});
const app = await startApp(
  probot,
  { ...settingsFrom({}), seedSecret: SECRET },
  { host: '127.0.0.1', port: 0, secret: SECRET },
);
github.setWebhookUrl(`http://127.0.0.1:${app.port}/api/github/webhooks`);
let trials = 0;
void measure(github);
const ann = new UnhurriedOctokit({ baseUrl, auth: { token: TOKEN } });
const { data: issue } = await ann.rest.issues.create({ ...REPO, title: 'Better' });
await ann.rest.issues.createComment({ ...REPO, issue_number: issue.number, body: '/research 500' });
while (trials < 4) await sleep(100);

const { data: repository } = await ann.rest.repos.get(REPO);
const installations = await (await probot.auth()).rest.apps.listInstallations();
const ready: Ready = {
  port: app.port ?? 0,
  secret: SECRET,
  payload: { action: 'created', repository, installation: { id: installations.data[0]?.id ?? 0 } },
};
process.send?.(ready);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const figures: Figures = {
    trials,
    logBytes: statSync(logFile).size,
    memoryBytes: process.memoryUsage.rss(),
    cpuMs: (user + system) / 1000,
  };
  process.send?.(figures);
});
process.once('disconnect', () => {
  rmSync(dir, { recursive: true, force: true });
  process.exit(0);
});

/** Takes one job after the other. */
async function measure({ jobs }: LocalGitHub): Promise<void> {
  const never = new AbortController().signal;
  while (true) {
    const job = await jobs.take({ name: 'runner', labels: ['gpu'] }, never);
    await sleep(TRIAL_MS);
    const text = JSON.stringify(await measurementOf(github, job, 1 + Math.random() / 1000));
    const files = new Map([[MEASUREMENT_FILE, new TextEncoder().encode(text)]]);
    jobs.upload(job.runId, MEASUREMENT_ARTIFACT, files);
    jobs.complete(job.jobId, 'success');
    trials += 1;
  }
}
