/** How bad a campaign's world is: every probability of a fault, drawn once per campaign. */
import { PROPOSAL_COST } from './explorer.ts';
import type { Random } from './random.ts';

export interface Profile {
  mood: 'fault-free' | 'crowded' | 'rough' | 'hellish';
  experiments: number;
  parallel: number;
  refereed: boolean;
  experimentsLimit: number;
  hoursLimit: number | null;
  usdLimit: number | null;
  crashesInARow: number;
  /** Budgets at which results are measured once more at the end, in seconds, and the share of the gain that must hold there. */
  ladder: number[];
  atLeast: number | null;
  /** When campaigns that are going report; they begin at midnight. */
  digest: string | null;
  /** Trials spent on the time to quality. */
  timeToQuality: number;
  /** Campaigns work on branches of their own (`base: campaign`). */
  apart: boolean;
  /** A language model thinks ahead, ports and repairs; the built-in agent does not. */
  thinker: 'explore' | 'model';
  runners: number;
  pollSeconds: number;
  /** Share of calls that fail before, and of writes that fail after they took effect. */
  failsBefore: number;
  failsAfter: number;
  /** Share of calls after or before which the App is killed. */
  kills: number;
  /** Share of lists that lag, and by how many seconds at most. */
  stale: number;
  staleSeconds: number;
  runListLagSeconds: number;
  webhooksLost: number;
  webhooksRepeated: number;
  webhookSeconds: number;
  /** A second App runs beside the first for a while. */
  twoApps: boolean;
  /** Share of trials that end as faults of one kind or another. */
  badTrials: number;
  mixedMachines: boolean;
  /** Share of trials during which other programs keep the machine busy. */
  busyShare: number;
  /** Runners that are away for a while at some time. */
  runnersAway: boolean;
  nonsense: number;
  crashes: number;
  cheats: number;
  /** The least quality that the contract guards, beside the memory; null: it guards nothing. The repository starts with 40. */
  leastQuality: number | null;
  /** How many things people do besides starting the campaign. */
  interventions: number;
}

export function drawProfile(random: Random): Profile {
  const mood = random.pick(['fault-free', 'crowded', 'rough', 'hellish'] as const);
  const worst = { 'fault-free': 0, crowded: 0, rough: 0.01, hellish: 0.05 }[mood];
  const rate = (factor = 1) => (random.chance(0.7) ? random.between(0, worst * factor) : 0);
  const rough = mood === 'rough' || mood === 'hellish';
  const drawn: Omit<Profile, 'ladder' | 'atLeast' | 'timeToQuality' | 'digest'> = {
    mood,
    // A gain can be too good to be believed only after a few ideas.
    experiments: random.whole(3, 6) + (random.chance(0.1) ? 4 : 0),
    parallel: random.pick([1, 1, 2, 3]),
    refereed: random.chance(0.5),
    experimentsLimit: random.pick([100, 100, 4]),
    runners: random.pick([1, 1, 2, 3]),
    pollSeconds: random.pick([60, 60, 120]),
    failsBefore: rate(),
    failsAfter: rate(3),
    kills: rate(0.5),
    stale: rate(5),
    staleSeconds: random.pick([2, 5, 8]),
    runListLagSeconds: rough ? random.between(0, 20) : 2,
    webhooksLost: rough ? random.pick([0, 0.1, 1]) : 0,
    webhooksRepeated: rough ? 0.1 : 0,
    webhookSeconds: rough ? random.pick([1, 10, 60]) : 1,
    twoApps: rough && random.chance(0.2),
    badTrials: rate(4),
    busyShare: random.pick([0, 0, 0.1, 0.5, 1]),
    mixedMachines: rough && random.chance(0.1),
    runnersAway: rough && random.chance(0.1),
    nonsense: random.pick([0, 0.1, 0.5]),
    crashes: random.pick([0, 0.1, 0.4]),
    cheats: random.pick([0, 0, 0.1]),
    interventions: mood === 'fault-free' || random.chance(0.2) ? 0 : random.whole(1, 10),
    hoursLimit: random.pick([null, null, null, random.between(0.3, 2)]),
    usdLimit: random.pick([null, null, null, random.whole(1, 6) * (PROPOSAL_COST.usd ?? 0)]),
    apart: random.chance(0.3),
    crashesInARow: random.pick([1, 2, 3]),
    thinker: random.pick(['explore', 'model'] as const),
    leastQuality: random.pick([null, null, 38, 40, 42]),
  };
  const ladder = random.pick([[], [], [600], [600, 1200]]);
  const atLeast = drawn.apart && ladder.length > 0 ? random.pick([null, 0.5]) : null;
  const timeToQuality = random.pick([0, 0, 2, 4]);
  const digest = random.pick([null, null, '01:00', '20:30 America/New_York']);
  return { ...drawn, ladder, atLeast, timeToQuality, digest };
}
