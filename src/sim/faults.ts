/** The line between one life of the App and GitHub: slow, failing before or after an effect, and deadly. */

import type { Line, PortCall } from './model/port.ts';
import { NoAnswer, Refusal } from './model/refusal.ts';
import type { Sim } from './sim.ts';
import { count } from './tally.ts';

/** One life of the App's process. A dead one gets no answers, so that none of its code runs any more. */
export interface Life {
  name: string;
  dead: boolean;
  kill(): void;
}

const READS: ReadonlySet<PortCall> = new Set([
  'about',
  'commit',
  'file',
  'look',
  'workflowFiles',
  'baseObstacles',
  'branches',
  'issue',
  'openIssues',
  'comments',
  'findComment',
  'comment',
  'commentsSince',
  'pullsSince',
  'openPullOf',
  'pull',
  'mergeable',
  'checks',
  'runs',
  'artifact',
  'permission',
  'issuesSince',
]);

const SLOWEST_SECONDS = 10;
const TIMEOUT_SECONDS = 30;

/** Before anything happens GitHub may say whatever it says; once something happened, only the answer can get lost. */
const BEFORE = {
  '502': () => new Refusal(502, '<html>502 Bad Gateway</html>'),
  '503': () => new Refusal(503, 'No server is currently available to service your request.'),
  'no answer': () => new NoAnswer('fetch failed'),
  'secondary limit': () =>
    new Refusal(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '60' }),
  'rate limit': () =>
    new Refusal(403, 'API rate limit exceeded for installation.', { 'x-ratelimit-remaining': '0' }),
  '404': () => new Refusal(404, 'Not Found'),
  '409': () => new Refusal(409, 'Conflict'),
  '422': () => new Refusal(422, 'Validation Failed'),
} as const;
const BEFORE_KINDS = Object.keys(BEFORE) as (keyof typeof BEFORE)[];
const AFTER_KINDS = ['502', '503', 'no answer', 'secondary limit'] as const;

export function faultyLine(sim: Sim, life: Life): Line {
  const { schedule, random, profile, tally } = sim;
  const strikes = (share: number) => !sim.calm && random.chance(share);
  const nothing = () => new Promise<never>(() => {});

  function fail(kind: keyof typeof BEFORE, call: PortCall, what: string, when: string): never {
    count(tally.faults, `${kind} ${when}`);
    sim.tell(life.name, `${call} ${what} -> ${kind}, ${when} it took effect`);
    throw BEFORE[kind]();
  }

  function die(call: PortCall, what: string, when: string): Promise<never> {
    tally.kills++;
    sim.forgotAt = schedule.now();
    sim.tell(life.name, `killed ${when} ${call} ${what}`);
    life.kill();
    return nothing();
  }

  return async (call, what, effect) => {
    const isWrite = !READS.has(call);
    await schedule.sleep(
      strikes(profile.failsBefore) ? random.between(1, SLOWEST_SECONDS) : random.between(0.05, 0.5),
    );
    if (life.dead) return nothing();
    tally.calls++;
    if (strikes(profile.kills)) return die(call, what, 'before');
    if (sim.uninstalledUntil > schedule.now()) {
      count(tally.faults, 'not installed');
      sim.tell(life.name, `${call} ${what} -> not installed`);
      throw random.chance(0.5) ? BEFORE['404']() : new Refusal(403, 'This installation has been suspended');
    }
    if (strikes(profile.failsBefore)) {
      const kind = random.pick(BEFORE_KINDS);
      if (kind === 'no answer') await schedule.sleep(TIMEOUT_SECONDS);
      if (life.dead) return nothing();
      fail(kind, call, what, 'before');
    }
    const result = effect();
    if (call === 'commit') sim.tipReadAt.set(what, schedule.now());
    sim.tell(life.name, `${call} ${what}`);
    if (strikes(profile.kills)) return die(call, what, 'after');
    if (isWrite && strikes(profile.failsAfter)) {
      sim.forgotAt = schedule.now();
      fail(random.pick(AFTER_KINDS), call, what, 'after');
    }
    return result;
  };
}
