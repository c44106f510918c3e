/** The App as a process of its own, to be killed: `fork` it with the settings as its one argument. */
import { flushCompileCache } from 'node:module';
import { pino } from 'pino';
import { Probot } from 'probot';
import { settingsFrom } from '../app/settings.ts';
import { startApp } from '../index.ts';
import { UnhurriedOctokit } from '../local/client.ts';
import { type BotSettings, botSettingsSchema, clockOf } from './bot-settings.test-helper.ts';

async function main(settings: BotSettings): Promise<void> {
  const { appId, privateKey, secret, baseUrl, logFile, clock } = settings;
  const log = pino({ level: 'info' }, pino.destination({ dest: logFile, mkdir: true }));
  const probot = new Probot({ appId, privateKey, secret, baseUrl, log, Octokit: UnhurriedOctokit });
  const app = await startApp(
    probot,
    { ...settingsFrom(process.env), seedSecret: secret, now: clockOf(clock) },
    { host: '127.0.0.1', port: 0, secret },
  );
  // A process that is killed would leave nothing behind.
  flushCompileCache();
  process.send?.({ port: app.port });
}

// The test that started it is gone, however it ended.
process.once('disconnect', () => process.exit(0));
await main(botSettingsSchema.parse(JSON.parse(process.argv[2] ?? '')));
