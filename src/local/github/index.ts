/** GitHub on this machine: the part of its REST API that the App and the tools use, over real git storage. */
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { JobQueue } from '../jobs.ts';
import { openQueue } from './actions/queue.ts';
import { payloadOf } from './events.ts';
import { type Git, openGit } from './git/git.ts';
import type { LocalGitHubOptions } from './options.ts';
import { addRepository, type NewRepository } from './repositories.ts';
import { requestHandler } from './server.ts';
import { openStore } from './store.ts';
import { type Delivery, startWebhooks } from './webhooks.ts';
import { findRepository, gitDirectory, type World } from './world.ts';

export interface LocalGitHub {
  /** `http://127.0.0.1:PORT`; REST under `/api/v3`, git under `/<owner>/<name>.git`. */
  url: string;
  jobs: JobQueue;
  /** The latest webhooks, oldest first; what was not received is not sent again. */
  deliveries: readonly Delivery[];
  hasRepository(owner: string, name: string): boolean;
  createRepository(repository: NewRepository): Promise<void>;
  setWebhookUrl(url: string | undefined): void;
  close(): Promise<void>;
}

/** Starts the server. Rejects where the port is taken or the directory holds another version's state. */
export async function startLocalGitHub(options: LocalGitHubOptions): Promise<LocalGitHub> {
  const report = options.onError ?? console.error;
  const store = openStore(options.dir, report);
  const { webhookSecret: secret, id: appId } = options.app;
  const webhooks = startWebhooks({ secret, appId });
  const gits = new Map<number, Git>();
  const tails = new Map<number, Promise<unknown>>();
  const signer = linkSigner();
  const world: World = {
    options,
    state: store.state,
    url: '',
    changed: store.changed,
    listening: webhooks.listening,
    report,
    emit: event => {
      if (webhooks.listening()) webhooks.send(event.name, payloadOf(world, event));
    },
    git(repository) {
      const git = gits.get(repository.id) ?? openGit(gitDirectory(world, repository));
      gits.set(repository.id, git);
      return git;
    },
    exclusive(repository, work) {
      const turn = (tails.get(repository.id) ?? Promise.resolve()).then(work, work);
      tails.set(repository.id, turn);
      return turn;
    },
    sign: path => `${world.url}${path}?signature=${signer(path)}`,
    isSigned: url => url.searchParams.get('signature') === signer(url.pathname),
  };
  let handle: ((request: Request) => Promise<Response>) | undefined;
  const server = createAdaptorServer({
    fetch: (request: Request) => handle?.(request) ?? new Response(null, { status: 503 }),
  });
  // Clients close connections. Did the server, too, one that comes back after this process was kept from running for seconds would be cut off.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 0;
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  world.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jobs = openQueue(world);
  handle = requestHandler(world, jobs);

  return {
    url: world.url,
    jobs,
    deliveries: webhooks.deliveries,
    hasRepository: (owner, name) => findRepository(world, owner, name) !== undefined,
    createRepository: repository => addRepository(world, repository),
    setWebhookUrl: webhooks.setUrl,
    async close() {
      webhooks.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
      await Promise.allSettled(tails.values());
      for (const git of gits.values()) git.close();
      store.flush();
    },
  };
}

/** Signs paths, so that a link works without a token and only as long as the server runs. */
function linkSigner(): (path: string) => string {
  const key = randomBytes(32);
  return path => createHmac('sha256', key).update(path).digest('hex');
}
