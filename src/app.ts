/** The App at work: which repositories it is installed on, and one loop for each. */
import type { Probot } from 'probot';
import type { AgentEnv } from './agents/create.ts';
import { type Loop, startLoop } from './controller.ts';
import type { Context } from './github/context.ts';
import { type Octokit, octokitPort } from './github/octokit.ts';
import type { Repository } from './github/port.ts';

export interface AppSettings {
  pollSeconds: number;
  /** From which the campaigns' seeds are derived; the same after a restart, known to nobody else. */
  seedSecret: string;
  agentEnv: AgentEnv;
  templates: Context['templates'];
  /** The time that waits of the campaigns are counted in. */
  now: () => Date;
  /** Aborted when the App shuts down. */
  signal: AbortSignal;
}

export interface Work {
  /** Looks at a repository again; starts its loop where it has none. */
  nudge(repository: Repository, installation: number): void;
  /** Looks for new and lost installations now. */
  discover(): Promise<void>;
}

/** New installations that no webhook told of are found this often. */
const DISCOVER_SECONDS = 300;
const RETRY_SECONDS = 15;

/** Begins to work on every repository that the App is installed on. */
export function startWork(probot: Probot, settings: AppSettings): Work {
  const loops = new Map<string, Loop>();
  let identity: Promise<{ botLogin: string; serverUrl: string }> | null = null;

  async function whoAmI() {
    const octokit = await probot.auth();
    const { data } = await octokit.rest.apps.getAuthenticated();
    return { botLogin: `${data?.slug}[bot]`, serverUrl: webAddress(octokit) };
  }

  async function start(repository: Repository, installation: number): Promise<void> {
    identity ??= whoAmI();
    const { botLogin, serverUrl } = await identity.catch(error => {
      identity = null;
      throw error;
    });
    const name = nameOf(repository);
    if (loops.has(name) || settings.signal.aborted) return;
    const octokit = await probot.auth(installation);
    if (loops.has(name)) return;
    const port = octokitPort(octokit, repository, botLogin);
    const log = probot.log.child({ repository: name });
    loops.set(name, startLoop({ ...settings, port, serverUrl, log }, settings.pollSeconds));
    log.info('watching');
  }

  async function discover(): Promise<void> {
    const found = new Map<string, { repository: Repository; installation: number }>();
    const app = await probot.auth();
    for (const installation of await app.paginate(app.rest.apps.listInstallations, { per_page: 100 })) {
      if (installation.suspended_at) continue;
      const octokit = await probot.auth(installation.id);
      const repositories = await octokit.paginate(octokit.rest.apps.listReposAccessibleToInstallation, {
        per_page: 100,
      });
      for (const { owner, name, archived } of repositories)
        if (!archived)
          found.set(nameOf({ owner: owner.login, name }), {
            repository: { owner: owner.login, name },
            installation: installation.id,
          });
    }
    for (const [name, loop] of loops) {
      if (found.has(name)) continue;
      loops.delete(name);
      void loop.stop();
      probot.log.info({ repository: name }, 'no longer installed');
    }
    for (const { repository, installation } of found.values()) await start(repository, installation);
  }

  async function keepDiscovering(): Promise<void> {
    while (!settings.signal.aborted) {
      const seconds = await discover().then(
        () => Math.max(settings.pollSeconds, DISCOVER_SECONDS),
        error => {
          probot.log.error({ err: error }, 'cannot list the installations; trying again');
          return RETRY_SECONDS;
        },
      );
      await pause(seconds, settings.signal);
    }
  }

  settings.signal.addEventListener('abort', () => {
    for (const loop of loops.values()) void loop.stop();
  });
  void keepDiscovering();

  return {
    discover,
    nudge(repository, installation) {
      const loop = loops.get(nameOf(repository));
      if (loop) return loop.nudge();
      start(repository, installation).catch(error =>
        probot.log.error({ err: error, repository }, 'cannot start to watch'),
      );
    },
  };
}

function nameOf({ owner, name }: Repository): string {
  return `${owner}/${name}`.toLowerCase();
}

/** Where people look at GitHub, from where the client does. */
function webAddress(octokit: Octokit): string {
  const { baseUrl } = octokit.request.endpoint.DEFAULTS;
  return baseUrl === 'https://api.github.com' ? 'https://github.com' : baseUrl.replace(/\/api\/v3\/?$/, '');
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
