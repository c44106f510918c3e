/** `autoresearch serve`: the App itself, run by Probot. Without credentials, the page that creates the App. */
import { randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../starter/errors.ts';
import { CHECKOUT, loadSettings } from '../starter/own-checkout.ts';

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** Adds the subcommand. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the GitHub App; without APP_ID, serve the page that creates it')
    .option('--poll-only', 'accept no webhooks and poll GitHub every minute (works behind a firewall)')
    .addHelpText('after', '\nSettings are read from the environment and from .env; see .env.example.')
    .action(serve);
}

async function serve(options: { pollOnly?: true }): Promise<void> {
  // Probot looks for .env and app.yml in the working directory.
  process.chdir(CHECKOUT);
  loadSettings();
  process.env.HOST ||= '127.0.0.1';
  if (process.env.APP_ID) checkSettings(options.pollOnly === true);
  else
    console.log(
      `APP_ID is not set. Open http://${process.env.HOST}:${process.env.PORT || 3000} to create the App.`,
    );
  const { run } = await import('probot');
  const { default: app } = await import('../index.ts');
  const server = await run(app);
  await new Promise<void>(resolve => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
  // Stopping loses nothing: all state is on GitHub.
  await server.stop();
  process.exit(0);
}

/** Throws a UsageError for settings that cannot work, or that would accept webhooks from anyone. */
function checkSettings(pollOnly: boolean): void {
  const { APP_ID, HOST = '' } = process.env;
  if (!/^\d+$/.test(APP_ID ?? ''))
    throw new UsageError(
      `APP_ID: expected the number from the App's settings page, found ${JSON.stringify(APP_ID)}.`,
    );
  const key = process.env.PRIVATE_KEY || process.env.PRIVATE_KEY_PATH;
  if (!key && globSync('*.pem', { cwd: CHECKOUT }).length === 0)
    throw new UsageError(
      "PRIVATE_KEY: expected the App's private key, or its file in PRIVATE_KEY_PATH, found neither. Generate one on the App's settings page.",
    );
  if (pollOnly) {
    delete process.env.WEBHOOK_PROXY_URL;
    // Nobody knows this secret, so every webhook is rejected.
    process.env.WEBHOOK_SECRET = randomBytes(32).toString('hex');
  }
  if (process.env.WEBHOOK_SECRET) return;
  const reachable = !LOOPBACK.includes(HOST) || process.env.WEBHOOK_PROXY_URL;
  if (reachable)
    throw new UsageError(
      `WEBHOOK_SECRET: expected the App's webhook secret, found none, although other machines can reach ${HOST}. Set it, or use --poll-only.`,
    );
}
