/** What the parts of one simulated campaign share. */

import type { GitHubPort } from '../github/port.ts';
import type { Landscape } from './landscape.ts';
import type { Model } from './model/state.ts';
import type { Profile } from './profile.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { Tally } from './tally.ts';

export interface Sim {
  profile: Profile;
  schedule: Schedule;
  model: Model;
  random: Random;
  landscape: Landscape;
  tally: Tally;
  /** What the App gets as its port: the port itself, but where the simulator itself is tested. */
  sabotage(port: GitHubPort, sim: Sim): GitHubPort;
  /** When an App last read the tip of a branch; milliseconds. */
  tipReadAt: Map<string, number>;
  /** When an App was last killed, or got no answer to what took effect; milliseconds. */
  forgotAt: number;
  /** Calls fail until then, because the App is not installed; milliseconds. */
  uninstalledUntil: number;
  /** Runners pick up nothing until then; milliseconds. */
  runnersAwayUntil: number;
  /** Until then somebody still means to do something; milliseconds. */
  busyUntil: number;
  /** From then on nothing goes wrong any more, and whoever is asked for something does it. */
  calm: boolean;
  /** Writes down what happened, for a replay to be read. */
  tell(who: string, text: string): void;
  /** An invariant does not hold: the campaign ends here. */
  violate(invariant: string): void;
}

/** People with their permission. */
export const PEOPLE = new Map([
  ['alice', 'admin'],
  ['bob', 'write'],
  ['eve', 'read'],
] as const);
/** Has no permission at all. */
export const STRANGER = 'mallory';
export const BOT = 'autoresearch[bot]';
