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

/** Writes that succeed after each failure: the App waits longer and longer while nothing does. */
const REST = 2;

/** Answers 502 to one write of every kind, before or after it takes effect; `hit` collects the kinds. */
export function everyKindOnce(when: 'before' | 'after', hit: Set<string>): Faults {
  let rest = 0;
  const strike = (request: Request) => {
    if (!isWrite(request) || rest-- > 0 || hit.has(kindOf(request))) return undefined;
    hit.add(kindOf(request));
    rest = REST;
    return badGateway();
  };
  return {
    intercept: request => (when === 'before' ? strike(request) : undefined),
    afterwards: request => (when === 'after' ? strike(request) : undefined),
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
