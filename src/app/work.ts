/** Watches every repository that the App is installed on, and looks for new ones. */
import type { Probot } from 'probot';
import { type AgentEnv, chooseAgent } from '../agents/create.ts';
import { type LoopObserver, startLoop } from '../controller/loop.ts';
import { sleep } from '../controller/sleep.ts';
import { octokitPort } from '../github/client/octokit.ts';
import { createServerClock, tellingClock } from '../github/client/server-clock.ts';
import type { Context } from '../github/context.ts';
import { statusOf } from '../github/errors.ts';
import { progressChart } from '../render/chart.ts';
import { clientsOf } from './clients.ts';
import { identityOf } from './identity.ts';
import { findPlaces, nameOf, type Place } from './places.ts';
import { createWatchList } from './watch-list.ts';

export interface AppSettings {
  /** Longest wait between two steps of a repository's loop. */
  pollSeconds: number;
  /** Secret from which the campaigns' seeds are derived. Must be the same after a restart. */
  seedSecret: string;
  agentEnv: AgentEnv;
  templates: Context['templates'];
  /** This machine's clock, until GitHub says what time it is. */
  now: () => Date;
  /** Aborted when the App shuts down. */
  signal: AbortSignal;
}

export interface Work {
  /** Wakes a repository's loop, or starts it. */
  nudge(place: Place): void;
  /** Looks for new and lost installations now. */
  discover(): Promise<void>;
}

/** How often to look for installations without being told by a webhook. */
const DISCOVER_SECONDS = 300;
const RETRY_SECONDS = 15;

/** Starts watching every repository that the App is installed on. */
export function startWork(probot: Pick<Probot, 'auth' | 'log'>, settings: AppSettings): Work {
  const { pollSeconds, signal } = settings;
  const list = createWatchList();
  const clock = createServerClock(settings.now);
  const hearing = tellingClock(clock, settings.now);
  const clientOf = clientsOf(probot, hearing);
  const identity = identityOf(probot, hearing);

  async function start(place: Place): Promise<void> {
    const { botLogin, serverUrl } = await identity();
    const octokit = await clientOf(place.installation);
    if (list.loopOf(place) || signal.aborted) return;
    const port = octokitPort(octokit, place.repository, botLogin);
    const log = probot.log.child({ repository: nameOf(place) });
    const { now } = clock;
    const context = { ...settings, now, chooseAgent, drawChart: progressChart, port, serverUrl, log };
    list.watch(place, before => startLoop(context, { pollSeconds, sleep, observer: logging(log), before }));
    log.info('watching');
  }

  /** A failure must not prevent other repositories from being watched. */
  async function startOrLog(place: Place): Promise<void> {
    await start(place).catch(error =>
      probot.log.error(
        { err: error, repository: nameOf(place) },
        'cannot watch the repository; retrying later',
      ),
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
          probot.log.error({ err: error }, 'cannot list the installations; retrying');
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
    failed: error => log.error({ err: error, status: statusOf(error) }, 'step failed; retrying'),
    agentThrew: error => log.error({ err: error }, 'an agent threw an error'),
  };
}
