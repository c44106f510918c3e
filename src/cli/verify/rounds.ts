/** Measures the commits of some merges on the same new seeds. */
import { randomInt } from 'node:crypto';
import { isDisturbed } from '../../campaign/evidence/disturbance.ts';
import { MAX_FAULTS } from '../../campaign/marker.ts';
import type { Measurement } from '../../protocol/measurement.ts';
import { formatSeconds, formatValue } from '../../render/number.ts';
import { type Bench, withoutNumber } from '../bench.ts';
import { CommandError } from '../errors.ts';
import type { liveLine } from '../live-line.ts';

export interface Rounds {
  seeds: readonly number[];
  /** By commit, in the order of `seeds`; fewer if a trial crashed, which is then the last. */
  trials: ReadonlyMap<string, readonly Measurement[]>;
}

interface Output {
  live: ReturnType<typeof liveLine>;
  print(line: string): void;
}

const MOST_SEED = 2 ** 31;

/**
 * One trial of each commit for each seed. Rounds alternate in direction, so that a machine that gets slower or faster favours nobody. A commit
 * that crashes is left out from then on. Throws a CommandError if the machine fails again and again.
 * @param names of the commits, for people
 */
export async function measureRounds(
  { contract, measure }: Pick<Bench, 'contract' | 'measure'>,
  names: ReadonlyMap<string, string>,
  count: number,
  { live, print }: Output,
): Promise<Rounds> {
  const seeds = Array.from({ length: count }, () => randomInt(MOST_SEED));
  const trials = new Map([...names.keys()].map((commit): [string, Measurement[]] => [commit, []]));
  const total = names.size * count;
  const started = performance.now();
  let done = 0;
  for (const [round, seed] of seeds.entries()) {
    const order = round % 2 === 0 ? [...trials] : [...trials].reverse();
    for (const [commit, own] of order) {
      if (own.some(hasCrashed)) continue;
      const which = `trial ${done + 1} of ${total}, ${names.get(commit)}, seed ${seed}`;
      const others = [...trials.values()].flat();
      const trial = await measureWell(
        which,
        others,
        onLine => {
          live.show(`${which}: starting`);
          return measure(commit, seed, onLine);
        },
        { live, print },
      );
      own.push(trial);
      done++;
      const left = ((total - done) * (performance.now() - started)) / done / 1000;
      const { outcome } = trial;
      const found =
        outcome.status === 'measured'
          ? `${contract.metric.name} ${formatValue(outcome.value)}   (${formatSeconds(trial.totalSeconds)})`
          : withoutNumber(outcome);
      print(`${which}: ${found}${done < total ? `   about ${formatSeconds(left)} left` : ''}`);
    }
  }
  return { seeds, trials };
}

/** A trial that the machine neither failed nor disturbed. The first time, other programs may be about to end. */
async function measureWell(
  which: string,
  others: readonly Measurement[],
  take: (onLine: (line: string) => void) => Promise<Measurement>,
  { live, print }: Output,
): Promise<Measurement> {
  let disturbed = 0;
  for (let faults = 0; faults < MAX_FAULTS; ) {
    const trial = await take(line => live.show(`${which}: ${line}`));
    live.clear();
    const alike = others.filter(
      ({ machine, digest }) => machine === trial.machine && digest === trial.digest,
    );
    if (trial.outcome.status === 'fault') {
      faults++;
      print(`${which}: ${withoutNumber(trial.outcome)}${faults < MAX_FAULTS ? '. Trying again.' : ''}`);
    } else if (disturbed === 0 && isDisturbed(trial, alike)) {
      disturbed++;
      print(`${which}: disturbed by other programs. Trying again.`);
    } else return trial;
  }
  throw new CommandError(
    `${which}: the machine failed ${MAX_FAULTS} times, see above. Nothing was concluded.`,
  );
}

function hasCrashed({ outcome }: Measurement): boolean {
  return outcome.status !== 'measured';
}
