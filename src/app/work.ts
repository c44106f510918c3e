/** The App's work: watches every repository that it is installed on, and looks for new ones. */
import type { Probot } from 'probot';
import { type AgentEnv, chooseAgent } from '../agents/create.ts';
import { type LoopObserver, startLoop } from '../controller/loop.ts';
import { sleep } from '../controller/sleep.ts';
import { considerate, octokitPort } from '../github/client/octokit.ts';
import { createQuiet, type Quiet } from '../github/client/rate-limit.ts';
import type { Octokit } from '../github/client/types.ts';
import type { Context } from '../github/context.ts';
import { statusOf } from '../github/errors.ts';
import { progressChart } from '../render/chart.ts';
import { identityOf } from './identity.ts';
import { findPlaces, nameOf, type Place } from './places.ts';
import { createWatchList } from './watch-list.ts';

export interface AppSettings {
  /** Longest time between two looks at a repository. */
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
  nudge(place: Place): void;
  /** Looks for new and lost installations now. */
  discover(): Promise<void>;
}

/** New installations that no webhook told of are found this often. */
const DISCOVER_SECONDS = 300;
const RETRY_SECONDS = 15;

/** Begins to work on every repository that the App is installed on. */
export function startWork(probot: Pick<Probot, 'auth' | 'log'>, settings: AppSettings): Work {
  const { pollSeconds, signal } = settings;
  const list = createWatchList();
  const quiets = new Map<number, Quiet>();
  const identity = identityOf(probot);

  /** A new client of an installation. */
  async function clientOf(installation: number): Promise<Octokit> {
    const quiet = quiets.get(installation) ?? createQuiet();
    quiets.set(installation, quiet);
    return considerate(await probot.auth(installation), quiet);
  }

  async function start(place: Place): Promise<void> {
    const { botLogin, serverUrl } = await identity();
    const octokit = await clientOf(place.installation);
    if (list.loopOf(place) || signal.aborted) return;
    const port = octokitPort(octokit, place.repository, botLogin);
    const log = probot.log.child({ repository: nameOf(place) });
    const context = { ...settings, chooseAgent, drawChart: progressChart, port, serverUrl, log };
    list.watch(place, before => startLoop(context, { pollSeconds, sleep, observer: logging(log), before }));
    log.info('watching');
  }

  /** One that cannot be watched must not keep the others from it. */
  async function startOrLog(place: Place): Promise<void> {
    await start(place).catch(error =>
      probot.log.error({ err: error, repository: nameOf(place) }, 'cannot start to watch'),
    );
  }

  async function discover(): Promise<void> {
    const { places, unlisted } = await findPlaces(probot);
    for (const lost of list.keep(({ id, installation }) => places.has(id) || unlisted.has(installation)))
      probot.log.info({ repository: nameOf(lost) }, 'no longer installed');
    for (const place of places.values()) await startOrLog(place);
  }

  async function keepDiscovering(): Promise<void> {
    while (!signal.aborted) {
      const seconds = await discover().then(
        () => Math.max(pollSeconds, DISCOVER_SECONDS),
        error => {
          probot.log.error({ err: error }, 'cannot list the installations; trying again');
          return RETRY_SECONDS;
        },
      );
      await sleep(seconds, signal);
    }
  }

  signal.addEventListener('abort', () => list.keep(() => false));
  void keepDiscovering();

  return {
    discover,
    nudge(place) {
      const loop = list.loopOf(place);
      if (loop) loop.nudge();
      else void startOrLog(place);
    },
  };
}

function logging(log: Context['log']): LoopObserver {
  return {
    stepped() {},
    failed: error => log.error({ err: error, status: statusOf(error) }, 'a step failed; trying again'),
    agentThrew: error => log.error({ err: error }, 'an agent threw'),
  };
}
