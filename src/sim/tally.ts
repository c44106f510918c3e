/** What happened in one campaign, or in many, in numbers. */

export interface Tally {
  campaigns: number;
  steps: number;
  calls: number;
  kills: number;
  webhooks: number;
  runs: number;
  experiments: number;
  merges: number;
  /** Experiments that stack near misses. */
  stacks: number;
  /** Pull requests that offer what a campaign found. */
  promotions: number;
  /** Reports of what a campaign came to. */
  reports: number;
  /** What campaigns said before their end. */
  digests: number;
  /** Trials of final measurements. */
  finals: number;
  /** Results that are not offered because the gain does not hold. */
  heldBack: number;
  /** Questions that agents answered, whoever still wanted to know. */
  answers: number;
  /** Virtual. */
  hours: number;
  /** Campaigns that somebody had to stop in the end. */
  stoppedByHand: number;
  /** How often, by kind. */
  thoughts: Record<string, number>;
  faults: Record<string, number>;
  interventions: Record<string, number>;
  trials: Record<string, number>;
  moods: Record<string, number>;
  verdicts: Record<string, number>;
}

export function emptyTally(): Tally {
  return {
    campaigns: 0,
    steps: 0,
    calls: 0,
    kills: 0,
    webhooks: 0,
    runs: 0,
    experiments: 0,
    merges: 0,
    stacks: 0,
    promotions: 0,
    reports: 0,
    digests: 0,
    finals: 0,
    heldBack: 0,
    answers: 0,
    hours: 0,
    stoppedByHand: 0,
    thoughts: {},
    faults: {},
    interventions: {},
    trials: {},
    moods: {},
    verdicts: {},
  };
}

export function count(record: Record<string, number>, kind: string): void {
  record[kind] = (record[kind] ?? 0) + 1;
}

/** Adds `more` to `sum`. */
export function addTally(sum: Tally, more: Tally): void {
  for (const key of Object.keys(sum) as (keyof Tally)[]) {
    const [into, from] = [sum[key], more[key]];
    if (typeof into === 'number' && typeof from === 'number') Object.assign(sum, { [key]: into + from });
    else if (typeof into === 'object' && typeof from === 'object')
      for (const [kind, times] of Object.entries(from)) into[kind] = (into[kind] ?? 0) + times;
  }
}
