/** What `autoresearch serve` does. Apart from its options, because it imports much more than other commands need. */
import path from 'node:path';
import { createProbot } from 'probot';
import { WEBHOOK_PATH } from '../app/endpoint.ts';
import { settingsFrom } from '../app/settings.ts';
import { type CreatedApp, startSetup } from '../app/setup.ts';
import { startApp } from '../index.ts';
import { setVariables } from '../starter/env-file.ts';
import { UsageError } from '../starter/errors.ts';
import { CHECKOUT, loadSettings } from '../starter/own-checkout.ts';
import { type Address, addressFrom, credentialsFrom } from './credentials.ts';
import { checkOpenFiles } from './open-files.ts';

const ENV_FILE = path.join(CHECKOUT, '.env');

/** Runs until the user stops it. */
export async function serve(options: { pollOnly?: true }): Promise<void> {
  // Keys are looked for in the working directory.
  process.chdir(CHECKOUT);
  loadSettings();
  checkOpenFiles();
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const address = addressFrom(process.env);
  if (!process.env.APP_ID && !(await setUp(address, stop.signal))) process.exit(0);
  const { privateKey, webhookSecret: secret } = credentialsFrom(process.env, options);
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
async function setUp(address: Address, signal: AbortSignal): Promise<boolean> {
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
