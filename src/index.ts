/** The App: watches every repository that it is installed on, and takes webhooks, which only make it look sooner. */
import type { Probot } from 'probot';
import { type EndpointOptions, startEndpoint } from './app/endpoint.ts';
import { wakeOf } from './app/webhook.ts';
import { type AppSettings, startWork } from './app/work.ts';

export interface App {
  /** Where webhooks are received; null without an endpoint. */
  port: number | null;
  /** Stops taking webhooks. The loops end with the settings' signal, or with the process: all state is on GitHub. */
  close(): Promise<void>;
}

/** Starts the App; `address` is where it takes webhooks, null to only poll GitHub. Rejects if the port is taken. */
export async function startApp(
  probot: Pick<Probot, 'auth' | 'log'>,
  settings: AppSettings,
  address: Pick<EndpointOptions, 'host' | 'port' | 'secret'> | null,
): Promise<App> {
  if (address === null) {
    startWork(probot, settings);
    return { port: null, async close() {} };
  }
  let work: ReturnType<typeof startWork> | undefined;
  const endpoint = await startEndpoint({
    ...address,
    log: probot.log,
    receive(event, payload) {
      const wake = wakeOf(event, payload);
      if (wake?.kind === 'look') work?.nudge(wake.place);
      if (wake?.kind === 'discover') work?.discoverSoon();
    },
  });
  work = startWork(probot, settings);
  return endpoint;
}
