/** A local GitHub for tests: every exchange is checked against GitHub's description, and everyone has a client. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Octokit } from '@octokit/rest';
import { type LocalGitHub, startLocalGitHub } from './index.ts';
import { validateExchange, validateWebhook } from './openapi.test-helper.ts';
import type { LocalGitHubOptions } from './options.ts';

/** A webhook that has not come by then will not come. */
const PATIENCE_MS = 20_000;

export const APP_ID = 7;
export const SECRET = 'a secret of the test';
export const REPO = { owner: 'ann', repo: 'gpt' };

export const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

export const WORKFLOW = `name: experiment
run-name: \${{ inputs.trial }}
on:
  workflow_dispatch:
    inputs:
      trial: {required: true, type: string}
      seed: {type: number, default: 1}
jobs:
  trial:
    runs-on: [self-hosted, gpu]
    steps: []
`;

export const FILES: ReadonlyMap<string, string> = new Map([
  ['train.py', 'depth = 8\nwidth = 512\n'],
  ['README.md', 'A small GPT.\n'],
  ['.github/workflows/experiment.yml', WORKFLOW],
]);

export interface Scene {
  github: LocalGitHub;
  dir: string;
  /** Admin and owner of the repository. */
  ann: Octokit;
  /** May read. */
  eve: Octokit;
  /** Nobody. */
  anonymous: Octokit;
  /** The App, as its installation. */
  bot: Octokit;
  /** The App itself, with its JSON web token. */
  app: Octokit;
  /** A client with any other token. */
  as(token: string): Octokit;
  main: string;
}

type Options = Partial<Omit<LocalGitHubOptions, 'app'>>;

/** Starts a server with the repository `ann/gpt`; it stops, and its directory goes, after the test. */
export async function scene(options: Options = {}): Promise<Scene> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'local-github-'));
  const failures: unknown[] = [];
  const github = await startLocalGitHub({
    port: 0,
    users: [
      { login: 'ann', token: 'token-of-ann', permission: 'admin' },
      { login: 'eve', token: 'token-of-eve', permission: 'read' },
    ],
    app: {
      id: APP_ID,
      slug: 'research',
      name: 'Research',
      publicKey: keys.publicKey,
      webhookSecret: SECRET,
    },
    afterwards: checked,
    onError: error => failures.push(error),
    ...options,
    dir,
  });
  after(async () => {
    await github.close();
    rmSync(dir, { recursive: true, force: true });
    assert.deepEqual(failures, []);
  });
  if (!github.hasRepository(REPO.owner, REPO.repo)) {
    await github.createRepository({ owner: REPO.owner, name: REPO.repo, files: FILES });
  }
  const baseUrl = `${github.url}/api/v3`;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const as = (auth?: string) => new Octokit({ baseUrl, log, ...(auth !== undefined && { auth }) });
  const app = as(webToken());
  const installations = (await app.rest.apps.listInstallations()).data;
  const { id = 0 } = installations.find(one => one.account?.login === REPO.owner) ?? {};
  const { token } = (await app.rest.apps.createInstallationAccessToken({ installation_id: id })).data;
  const bot = as(token);
  const ann = as('token-of-ann');
  const main = (await ann.rest.git.getRef({ ...REPO, ref: 'heads/main' })).data.object.sha;
  return { github, dir, ann, eve: as('token-of-eve'), anonymous: as(), bot, app, as, main };
}

/** A JSON web token of the App, valid for a minute; `claims` replaces some of it. */
export function webToken(claims: object = {}, key = keys.privateKey): string {
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = { iss: String(APP_ID), iat: now - 30, exp: now + 60, ...claims };
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(body)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}

/** Turns what GitHub would not have said into a failure of the request that made the server say it. */
async function checked(request: Request, response: Response): Promise<Response | undefined> {
  if (response.ok && /raw/.test(request.headers.get('accept') ?? '')) return undefined;
  const { pathname, search } = new URL(request.url);
  const json = async (message: Request | Response) => {
    const text = await message.text();
    return /json/.test(message.headers.get('content-type') ?? '') && text !== ''
      ? JSON.parse(text)
      : undefined;
  };
  const path = pathname.replace(/^\/api\/v3/, '') || '/';
  const problems = validateExchange(
    request.method,
    path + search,
    await json(request),
    response.status,
    await json(response),
  );
  if (problems.length === 0) return undefined;
  return Response.json({ message: `Not as described: ${problems.join('; ')}` }, { status: 500 });
}

/** Asserts that a request is refused with that status and message. */
export async function refused(request: Promise<unknown>, status: number, message: RegExp): Promise<void> {
  const succeeded = Symbol();
  const error = await request.then(
    () => succeeded,
    (reason: Error & { status?: number }) => reason,
  );
  if (typeof error === 'symbol') assert.fail(`Expected a refusal with ${status}, found success.`);
  assert.equal(error.status, status, error.message);
  assert.match(error.message, message);
}

/** A commit of `files` on `parent`, made through the REST API, and the branch `branch` at it. */
export async function branchWith(
  client: Octokit,
  branch: string,
  parent: string,
  files: Record<string, string>,
  message = 'Try something',
): Promise<string> {
  const { data: base } = await client.rest.git.getCommit({ ...REPO, commit_sha: parent });
  const tree = Object.entries(files).map(([path, content]) => ({
    path,
    mode: '100644' as const,
    type: 'blob' as const,
    content,
  }));
  const { data: made } = await client.rest.git.createTree({ ...REPO, base_tree: base.tree.sha, tree });
  const commit = { ...REPO, message, tree: made.sha, parents: [parent] };
  const { data } = await client.rest.git.createCommit(commit);
  await client.rest.git.createRef({ ...REPO, ref: `refs/heads/${branch}`, sha: data.sha });
  return data.sha;
}

/** Opens a pull request from `branch` to main. */
export async function pullFrom(client: Octokit, branch: string, title = 'Try something') {
  return (await client.rest.pulls.create({ ...REPO, title, head: branch, base: 'main' })).data;
}

/** What the tests look at; the whole of it is checked against GitHub's description. */
interface Payload {
  action?: string;
  ref?: string;
  created?: boolean;
  deleted?: boolean;
  commits?: unknown[];
  sender?: { login: string };
  repository?: { full_name: string };
  installation?: { id: number; account?: { login: string } };
  repositories?: { full_name: string }[];
  pull_request?: { merged: boolean };
}

interface Received {
  name: string;
  headers: NodeJS.Dict<string | string[]>;
  payload: Payload;
  body: string;
}

interface Receiver {
  url: string;
  /** In the order of arrival. */
  received: Received[];
  /** Resolves with the first `count` webhooks. Every payload has been checked against GitHub's description. */
  until(count: number): Promise<Received[]>;
}

/** Receives webhooks and answers with `status`. */
export async function receiver(status = 200): Promise<Receiver> {
  const received: Received[] = [];
  let arrived = () => {};
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const payload = JSON.parse(body) as Received['payload'];
    const event = String(request.headers['x-github-event']);
    const name = payload.action === undefined ? event : `${event}.${payload.action}`;
    received.push({ name, headers: request.headers, payload, body });
    response.writeHead(status).end();
    arrived();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const until = async (count: number) => {
    while (received.length < count) {
      await new Promise<void>((resolve, reject) => {
        const names = () => received.map(one => one.name).join(', ');
        const giveUp = () => reject(new Error(`Expected ${count} webhooks, found only: ${names()}.`));
        const timer = setTimeout(giveUp, PATIENCE_MS);
        arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const problems = received.flatMap(({ name, payload }) => validateWebhook(name, payload));
    assert.deepEqual(problems, []);
    return received.slice(0, count);
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, until };
}
