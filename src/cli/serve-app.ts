/** What `autoresearch serve` does. Apart from its options, because it imports much more than other commands need. */
import { createPrivateKey } from 'node:crypto';
import { globSync } from 'node:fs';
import path from 'node:path';
import { getPrivateKey } from '@probot/get-private-key';
import { createProbot } from 'probot';
import { WEBHOOK_PATH } from '../app/endpoint.ts';
import { settingsFrom } from '../app/settings.ts';
import { type CreatedApp, startSetup } from '../app/setup.ts';
import { startApp } from '../index.ts';
import { setVariables } from '../starter/env-file.ts';
import { UsageError } from '../starter/errors.ts';
import { CHECKOUT, loadSettings } from '../starter/own-checkout.ts';
import { isLoopback } from '../starter/own-host.ts';
import { wholeNumber } from './errors.ts';
import { checkOpenFiles } from './open-files.ts';

const ENV_FILE = path.join(CHECKOUT, '.env');
const PORT = 3000;

/** Runs until the user stops it. */
export async function serve(options: { pollOnly?: true }): Promise<void> {
  // Keys are looked for in the working directory.
  process.chdir(CHECKOUT);
  loadSettings();
  checkOpenFiles();
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const address = { host: process.env.HOST || '127.0.0.1', port: portOf(process.env.PORT) };
  if (!process.env.APP_ID && !(await setUp(address, stop.signal))) process.exit(0);
  const privateKey = checkCredentials();
  const secret = options.pollOnly ? null : webhookSecret(address.host);
  const { LOG_LEVEL = 'info' } = process.env;
  const probot = createProbot({ env: { ...process.env, LOG_LEVEL } });
  await probot.ready();
  const app = await startApp(
    probot,
    { ...settingsFrom(process.env), seedSecret: privateKey },
    secret === null ? null : { ...address, secret },
  ).catch(error => {
    throw listenProblem(error, address.port);
  });
  const where =
    app.port === null ? 'polling GitHub' : `webhooks on http://${address.host}:${app.port}${WEBHOOK_PATH}`;
  console.log(`App ${process.env.APP_ID} is running: ${where}. Press Ctrl-C to stop it.`);
  await aborted(stop.signal);
  // Stopping loses nothing: all state is on GitHub.
  await app.close();
  process.exit(0);
}

/** Serves the page until the App has been created, and sets its credentials here and in `.env`. False if the user gave up. */
async function setUp(address: { host: string; port: number }, signal: AbortSignal): Promise<boolean> {
  const { GHE_HOST, GHE_PROTOCOL = 'https' } = process.env;
  const setup = await startSetup({
    ...address,
    githubUrl: GHE_HOST ? `${GHE_PROTOCOL}://${GHE_HOST}` : 'https://github.com',
    apiUrl: GHE_HOST ? `${GHE_PROTOCOL}://${GHE_HOST}/api/v3` : 'https://api.github.com',
    save: app => setVariables(ENV_FILE, variablesOf(app)),
  }).catch(error => {
    throw listenProblem(error, address.port);
  });
  console.log(`APP_ID is not set. Create the App here:\n\n  ${setup.url}\n`);
  const created = await Promise.race([setup.created, aborted(signal)]);
  await setup.close();
  if (!created) return false;
  Object.assign(process.env, variablesOf(created));
  console.log(`Created ${created.url}. Its credentials are in ${ENV_FILE}. Install it on your repository.`);
  return true;
}

function variablesOf({ id, privateKey, webhookSecret }: CreatedApp): Record<string, string> {
  return {
    APP_ID: String(id),
    PRIVATE_KEY: privateKey,
    ...(webhookSecret !== null && { WEBHOOK_SECRET: webhookSecret }),
  };
}

/** Returns the App's private key. Throws a UsageError for credentials that cannot work. */
function checkCredentials(): string {
  const { APP_ID } = process.env;
  if (!/^\d+$/.test(APP_ID ?? ''))
    throw new UsageError(
      `APP_ID: expected the number from the App's settings page, found ${JSON.stringify(APP_ID)}.`,
    );
  const name = process.env.PRIVATE_KEY ? 'PRIVATE_KEY' : 'PRIVATE_KEY_PATH';
  if (!process.env[name] && globSync('*.pem', { cwd: CHECKOUT }).length === 0)
    throw new UsageError(
      "PRIVATE_KEY: expected the App's private key, or its file in PRIVATE_KEY_PATH, found neither. Generate one on the App's settings page.",
    );
  try {
    const key = getPrivateKey() ?? '';
    createPrivateKey(key);
    return key;
  } catch {
    throw new UsageError(
      `${name}: expected the App's private key in PEM format (-----BEGIN RSA PRIVATE KEY-----), found something else. Generate one on the App's settings page.`,
    );
  }
}

/** Null if there is none, which is fine on a machine that nobody can reach. */
function webhookSecret(host: string): string | null {
  const { WEBHOOK_SECRET } = process.env;
  if (WEBHOOK_SECRET) return WEBHOOK_SECRET;
  if (isLoopback(host.includes(':') ? `[${host}]` : host)) return null;
  throw new UsageError(
    `WEBHOOK_SECRET: expected the App's webhook secret, found none, although other machines can reach ${host}. Set it, or use --poll-only.`,
  );
}

function portOf(text: string | undefined): number {
  if (!text) return PORT;
  try {
    return wholeNumber(0, 65_535)(text);
  } catch {
    throw new UsageError(`PORT: expected a whole number from 0 to 65535, found ${JSON.stringify(text)}.`);
  }
}

function listenProblem(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new UsageError(`PORT: expected a free port, but ${port} is in use. Set PORT to another one.`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new UsageError(`HOST: expected an address of this machine, found ${process.env.HOST}.`);
  return error;
}

async function aborted(signal: AbortSignal): Promise<null> {
  if (!signal.aborted)
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
  return null;
}
