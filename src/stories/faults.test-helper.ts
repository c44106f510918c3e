import type { LocalGitHubOptions } from '../local/github/options.ts';
import type { World } from './world.test-helper.ts';

export type Faults = Required<Pick<LocalGitHubOptions, 'intercept' | 'afterwards'>>;

/** Whether the request is one of the App's writes; getting a token is none. */
function isWrite(request: Request): boolean {
  if (['GET', 'HEAD'].includes(request.method)) return false;
  if (new URL(request.url).pathname.endsWith('/access_tokens')) return false;
  return !/^token token-of-/i.test(request.headers.get('authorization') ?? '');
}

/** What a write does, such as `POST pulls`; numbers and branches become stars. */
function kindOf(request: Request): string {
  const [, , , , , , ...rest] = decodeURIComponent(new URL(request.url).pathname).split('/');
  const path = rest.join('/').replace(/^git\/refs\/heads\/.*/, 'git/refs/heads/*');
  return `${request.method} ${path.replace(/\b\d+\b/g, '*')}`;
}

const badGateway = () => new Response('<html>502 Bad Gateway</html>', { status: 502 });

export interface EveryKindTwice extends Faults {
  /** Kinds of writes that failed, and that took effect while their answer was lost. */
  hit: Record<'before' | 'after', Set<string>>;
}

/** Answers 502 twice to every kind of write: once before it takes effect, and the next time after that. */
export function everyKindTwice(): EveryKindTwice {
  const hit = { before: new Set<string>(), after: new Set<string>() };
  const strike = (when: 'before' | 'after', request: Request) => {
    if (!isWrite(request) || hit[when].has(kindOf(request))) return undefined;
    hit[when].add(kindOf(request));
    return badGateway();
  };
  return {
    hit,
    intercept: request => strike('before', request),
    afterwards: request => strike('after', request),
  };
}

export interface EveryWrite extends Faults {
  /** The writes after which the App was killed, each told from the others of its kind by how far the campaign was. */
  struck: ReadonlySet<string>;
}

/** What changes how far a campaign is: a trial ends, a pull request is merged, a branch is done with. */
const PROGRESS = /^(PATCH check-runs|PUT pulls|DELETE git)\//;

/**
 * Kills the App after each write that a campaign takes, and each write that comes of that, once: each life gets one write further
 * than the last. Nothing on GitHub changes between two writes, and so no moment is left in which it was not killed.
 */
export function everyWrite(kill: () => void): EveryWrite {
  const progress = new Set<string>();
  const struck = new Set<string>();
  let life: string[] = [];
  return {
    struck,
    intercept: () => undefined,
    afterwards(request) {
      if (!isWrite(request)) return undefined;
      const kind = kindOf(request);
      if (PROGRESS.test(kind)) progress.add(new URL(request.url).pathname);
      const write = `${progress.size} ${kind}`;
      life.push(write);
      const name = `${write} ${life.filter(other => other === write).length}`;
      if (struck.has(name)) return undefined;
      struck.add(name);
      life = [];
      kill();
      // Nobody is left to read this.
      return badGateway();
    },
  };
}

export interface Killer extends Faults {
  follow(victim: World): void;
  kills(): number;
}

/**
 * Kills the App right before or right after one of its next `longestLife` writes takes effect, and starts it again,
 * `times` times in all.
 * @param random numbers from 0 to 1
 */
export function killer(times: number, longestLife: number, random: () => number): Killer {
  let world: World | null = null;
  let kills = 0;
  let aim = { write: 0, before: false };
  let writes = 0;
  const take = () => {
    writes = 0;
    aim = { write: 1 + Math.floor(random() * longestLife), before: random() < 0.5 };
  };
  const strike = async () => {
    kills++;
    await world?.bot.kill();
    take();
    void world?.bot.start();
    // Nobody is left to read this.
    return badGateway();
  };
  const armed = (request: Request) => world !== null && kills < times && isWrite(request);
  return {
    kills: () => kills,
    follow(victim) {
      world = victim;
      take();
    },
    intercept(request) {
      if (!armed(request)) return undefined;
      writes++;
      return aim.before && writes >= aim.write ? strike() : undefined;
    },
    afterwards: request => (armed(request) && !aim.before && writes >= aim.write ? strike() : undefined),
  };
}

/** Numbers from 0 to 1 that `seed`, a whole number, decides: a linear congruential generator. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
