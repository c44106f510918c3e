/** Watches every repository that the App is installed on, and looks for new ones. */
import type { Probot } from 'probot';
import { type AgentEnv, agentChooser } from '../agents/create.ts';
import { createBell } from '../controller/bell.ts';
import { type LoopObserver, startLoop } from '../controller/loop.ts';
import { sleep } from '../controller/sleep.ts';
import { octokitPort } from '../github/client/octokit.ts';
import { createServerClock, tellingClock } from '../github/client/server-clock.ts';
import type { Context } from '../github/context.ts';
import { errorFacts } from '../github/error-facts.ts';
import { progressChart } from '../render/chart.ts';
import { clientsOf } from './clients.ts';
import { identityOf } from './identity.ts';
import { listInstallations, nameOf, type Place, placesOf } from './places.ts';
import { createWatchList } from './watch-list.ts';

export interface AppSettings {
  /** Longest wait between two steps of a repository's loop. */
  pollSeconds: number;
  /** Secret from which the campaigns' seeds are derived. Must be the same after a restart. */
  seedSecret: string;
  /** Values that nothing which is published may contain. */
  secrets: readonly string[];
  agentEnv: AgentEnv;
  templates: Context['templates'];
  /** This machine's clock, until GitHub says what time it is. */
  now: () => Date;
  /** Aborted when the App shuts down. */
  signal: AbortSignal;
}

export interface Work {
  /** Wakes a repository's loop. A repository that is not known yet waits for the next discovery. */
  nudge(place: Place): void;
  /** Looks for new and lost installations now. */
  discover(): Promise<void>;
  /** The same without waiting. However often it is called, one discovery runs at a time, and one more after it. */
  discoverSoon(): void;
}

/** How often to look for installations without being told by a webhook. */
const DISCOVER_SECONDS = 300;
const RETRY_SECONDS = 15;

/** Seconds since the start of this process. */
const seconds = () => performance.now() / 1000;

/** Starts watching every repository that the App is installed on. */
export function startWork(probot: Pick<Probot, 'auth' | 'log'>, settings: AppSettings): Work {
  const { pollSeconds, signal } = settings;
  const list = createWatchList();
  const clock = createServerClock(settings.now);
  const hearing = tellingClock(clock, settings.now);
  const clientOf = clientsOf(probot, hearing);
  const identity = identityOf(probot, hearing);
  const bell = createBell(sleep);

  async function start(place: Place): Promise<void> {
    const { botLogin, serverUrl } = await identity();
    const octokit = await clientOf(place.installation);
    if (list.loopOf(place) || signal.aborted) return;
    const port = octokitPort(octokit, place.repository, botLogin);
    const log = probot.log.child({ repository: nameOf(place) });
    const { now } = clock;
    const context = {
      ...settings,
      now,
      chooseAgent: agentChooser(),
      drawChart: progressChart,
      port,
      serverUrl,
      log,
    };
    list.watch(place, before =>
      startLoop(context, { pollSeconds, sleep, seconds, observer: logging(log), before }),
    );
    log.info('watching');
  }

  /** A failure must not prevent other repositories from being watched. */
  async function startOrLog(place: Place): Promise<void> {
    await start(place).catch(error =>
      probot.log.error(
        { ...errorFacts(error), repository: nameOf(place) },
        'cannot watch the repository; retrying later',
      ),
    );
  }

  /** Starts the loops of an installation. Returns the ids of its repositories, or null if they cannot be listed. */
  async function watchInstallation(installation: number): Promise<number[] | null> {
    try {
      const places = await placesOf(probot, installation);
      await Promise.all(places.map(startOrLog));
      return places.map(({ id }) => id);
    } catch (error) {
      probot.log.error(
        { ...errorFacts(error), installation },
        'cannot list the repositories of an installation; retrying later',
      );
      return null;
    }
  }

  async function discover(): Promise<void> {
    const found = new Set<number>();
    const unlisted = new Set<number>();
    // None waits for another: the loops of one are running before a slow one has been listed.
    const each = (await listInstallations(probot)).map(async installation => {
      const ids = await watchInstallation(installation);
      if (ids === null) unlisted.add(installation);
      for (const id of ids ?? []) found.add(id);
    });
    await Promise.all(each);
    for (const lost of list.keep(({ id, installation }) => found.has(id) || unlisted.has(installation)))
      probot.log.info({ repository: nameOf(lost) }, 'no longer installed');
  }

  async function keepDiscovering(): Promise<void> {
    while (!signal.aborted) {
      bell.clear();
      const wait = await discover().then(
        () => Math.max(pollSeconds, DISCOVER_SECONDS),
        error => {
          probot.log.error(errorFacts(error), 'cannot list the installations; retrying');
          return RETRY_SECONDS;
        },
      );
      await bell.wait(wait);
    }
  }

  signal.addEventListener('abort', () => {
    list.keep(() => false);
    bell.ring();
  });
  void keepDiscovering();

  return {
    discover,
    discoverSoon: bell.ring,
    nudge(place) {
      const loop = list.loopOf(place);
      if (loop) loop.nudge();
      // Renamed, or moved to another installation.
      else if (list.has(place.id)) void startOrLog(place);
    },
  };
}

function logging(log: Context['log']): LoopObserver {
  return {
    stepped() {},
    failed: error => log.error(errorFacts(error), 'step failed; retrying'),
    agentThrew: error => log.error(errorFacts(error), 'an agent threw an error'),
  };
}
