/** `autoresearch serve`: the App itself. Without credentials, first the page that creates it. */
import type { Command } from 'commander';

/** Adds the subcommand. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the GitHub App; without APP_ID, serve the page that creates it')
    .option('--poll-only', 'accept no webhooks and poll GitHub every minute (works behind a firewall)')
    .addHelpText('after', '\nSettings are read from the environment and from .env; see .env.example.')
    .action(async options => (await import('./serve-app.ts')).serve(options));
}
