/** The App as a process of its own, to be killed: `fork` it with the settings as its one argument. */
import { flushCompileCache } from 'node:module';
import { createServer } from 'node:net';
import { pino } from 'pino';
import { Probot, Server } from 'probot';
import { createApp } from '../index.ts';
import { UnhurriedOctokit } from '../local/client.ts';
import { type BotSettings, botSettingsSchema, clockOf } from './bot-settings.test-helper.ts';

async function main(settings: BotSettings): Promise<void> {
  const { appId, privateKey, secret, baseUrl, logFile, clock } = settings;
  const log = pino({ level: 'info' }, pino.destination({ dest: logFile, mkdir: true }));
  const port = await freePort();
  const server = new Server({
    log,
    host: '127.0.0.1',
    port,
    Probot: Probot.defaults({
      appId,
      privateKey,
      secret,
      baseUrl,
      log,
      Octokit: UnhurriedOctokit,
    }),
  });
  await server.load(createApp({ seedSecret: secret, now: clockOf(clock) }));
  await server.start();
  // A process that is killed would leave nothing behind.
  flushCompileCache();
  process.send?.({ port });
}

/** Probot takes port 0 for 3000. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error(`Expected a port, found ${address}.`);
  return address.port;
}

// The test that started it is gone, however it ended.
process.once('disconnect', () => process.exit(0));
await main(botSettingsSchema.parse(JSON.parse(process.argv[2] ?? '')));
