/** The App at work: which repositories it is installed on, and one loop for each. */
import type { Probot } from 'probot';
import { type AgentEnv, chooseAgent } from './agents/create.ts';
import { type Loop, type LoopObserver, startLoop } from './controller/loop.ts';
import { sleep } from './controller/sleep.ts';
import { considerate, octokitPort } from './github/client/octokit.ts';
import { createQuiet, type Quiet } from './github/client/rate-limit.ts';
import type { Octokit } from './github/client/types.ts';
import type { Context } from './github/context.ts';
import { statusOf } from './github/errors.ts';
import type { Repository } from './github/port.ts';
import { progressChart } from './render/chart.ts';

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

/** A repository and the installation that reaches it. The id stays what it is when name or owner change. */
interface Place {
  id: number;
  repository: Repository;
  installation: number;
}

interface Watched {
  place: Place;
  loop: Loop;
}

export interface Work {
  /** Looks at a repository again; starts its loop where it has none. */
  nudge(place: Place): void;
  /** Looks for new and lost installations now. */
  discover(): Promise<void>;
}

/** New installations that no webhook told of are found this often. */
const DISCOVER_SECONDS = 300;
const RETRY_SECONDS = 15;

/** Begins to work on every repository that the App is installed on. */
export function startWork(probot: Pick<Probot, 'auth' | 'log'>, settings: AppSettings): Work {
  const watched = new Map<number, Watched>();
  const quiets = new Map<number, Quiet>();
  let identity: Promise<{ botLogin: string; serverUrl: string }> | null = null;

  /** A new client of an installation. */
  async function clientOf(installation: number): Promise<Octokit> {
    const quiet = quiets.get(installation) ?? createQuiet();
    quiets.set(installation, quiet);
    return considerate(await probot.auth(installation), quiet);
  }

  async function whoAmI() {
    const octokit = await probot.auth();
    const { data } = await octokit.rest.apps.getAuthenticated();
    return { botLogin: `${data?.slug}[bot]`, serverUrl: webAddress(octokit) };
  }

  /** A repository that was renamed or transferred gets a loop that knows it, after the old one has ended. */
  async function start(place: Place): Promise<void> {
    identity ??= whoAmI();
    const { botLogin, serverUrl } = await identity.catch(error => {
      identity = null;
      throw error;
    });
    const octokit = await clientOf(place.installation);
    const old = watched.get(place.id);
    if ((old && isSame(old.place, place)) || settings.signal.aborted) return;
    const { repository } = place;
    const port = octokitPort(octokit, repository, botLogin);
    const log = probot.log.child({ repository: nameOf(repository) });
    const context = { ...settings, chooseAgent, drawChart: progressChart, port, serverUrl, log };
    const { pollSeconds } = settings;
    const loop = startLoop(context, { pollSeconds, sleep, observer: logging(log), before: endOthers(place) });
    watched.set(place.id, { place, loop });
    log.info('watching');
  }

  /** Ends the loops of the same repository and of the one that had its name before. */
  async function endOthers({ id, repository }: Place): Promise<void> {
    const others = [...watched].filter(
      ([other, { place }]) => other === id || nameOf(place.repository) === nameOf(repository),
    );
    for (const [other] of others) watched.delete(other);
    await Promise.all(others.map(([, { loop }]) => loop.stop()));
  }

  /** One that cannot be watched must not keep the others from it. */
  async function startOrLog(place: Place): Promise<void> {
    await start(place).catch(error =>
      probot.log.error({ err: error, repository: nameOf(place.repository) }, 'cannot start to watch'),
    );
  }

  async function discover(): Promise<void> {
    const found = new Map<number, Place>();
    const unknown = new Set<number>();
    const app = await probot.auth();
    for (const { id, suspended_at } of await app.paginate(app.rest.apps.listInstallations, {
      per_page: 100,
    })) {
      if (suspended_at) continue;
      try {
        for (const place of await placesOf(id)) found.set(place.id, place);
      } catch (error) {
        unknown.add(id);
        probot.log.error({ err: error, installation: id }, 'cannot list the repositories of an installation');
      }
    }
    for (const [id, { place, loop }] of watched) {
      if (found.has(id) || unknown.has(place.installation)) continue;
      watched.delete(id);
      void loop.stop();
      probot.log.info({ repository: nameOf(place.repository) }, 'no longer installed');
    }
    for (const place of found.values()) await startOrLog(place);
  }

  async function placesOf(installation: number): Promise<Place[]> {
    const octokit = await probot.auth(installation);
    const all = await octokit.paginate(octokit.rest.apps.listReposAccessibleToInstallation, {
      per_page: 100,
    });
    return all
      .filter(({ archived }) => !archived)
      .map(({ id, owner, name }) => ({ id, repository: { owner: owner.login, name }, installation }));
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
      await sleep(seconds, settings.signal);
    }
  }

  settings.signal.addEventListener('abort', () => {
    for (const { loop } of watched.values()) void loop.stop();
  });
  void keepDiscovering();

  return {
    discover,
    nudge(place) {
      const known = watched.get(place.id);
      if (known && isSame(known.place, place)) known.loop.nudge();
      else void startOrLog(place);
    },
  };
}

function isSame(a: Place, b: Place): boolean {
  return nameOf(a.repository) === nameOf(b.repository) && a.installation === b.installation;
}

function nameOf({ owner, name }: Repository): string {
  return `${owner}/${name}`.toLowerCase();
}

/** Where people look at GitHub, from where the client does. */
function webAddress(octokit: Octokit): string {
  const { baseUrl } = octokit.request.endpoint.DEFAULTS;
  return baseUrl === 'https://api.github.com' ? 'https://github.com' : baseUrl.replace(/\/api\/v3\/?$/, '');
}

function logging(log: Context['log']): LoopObserver {
  return {
    stepped() {},
    failed: error => log.error({ err: error, status: statusOf(error) }, 'a step failed; trying again'),
    agentThrew: error => log.error({ err: error }, 'an agent threw'),
  };
}
