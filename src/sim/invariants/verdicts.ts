/** What a verdict to merge says is what was measured, and no worse than the champion unless a person wants it. */

import { isDeepStrictEqual } from 'node:util';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../../campaign/marker.ts';
import { measuredValues } from '../../campaign/model.ts';
import { keptBy } from '../../campaign/people.ts';
import { trialParts } from '../../campaign/trial-id.ts';

import { mean } from '../../gate/mean.ts';
import { markerOf, stateOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

/** Means are added up in another order here. */
const ROUNDING = 1e-9;

type Means = Pick<Verdict, 'value' | 'championValue'>;

export function watchVerdicts({ sim, model }: Rules): Rule {
  /** The verdict that the App last wrote into each pull request. */
  const judged = new Map<number, Verdict | null>();
  /** The trials that it last wrote into each pull request and status comment: people may take them back. */
  const trials = new Map<number, readonly RecordedTrial[]>();
  return change => {
    if (change.actor !== model.botLogin || !change.after) return;
    if (change.table === 'comments') {
      const state = stateOf(change.after);
      if (state) trials.set(change.after.id, state.baselines);
    }
    const marker = change.table === 'pulls' && markerOf(change.after);
    if (!marker) return;
    const { number } = change.after;
    trials.set(number, marker.trials);
    if (marker.verdict?.kind === 'merge' && !isDeepStrictEqual(marker.verdict, judged.get(number)))
      check(number, marker, marker.verdict);
    judged.set(number, marker.verdict);
  };

  function check(pull: number, marker: ExperimentMarker, said: Verdict): void {
    // Where people took a status comment away, another holds the same trials.
    const all = [...new Map([...trials.values()].flat().map(trial => [trial.runId, trial])).values()];
    // Other campaigns may have measured the same tree, and each of them may be in no list any more.
    const found = subsets(all, marker.campaign).flatMap(known => meansOf(marker, known));
    const isFound = ({ value, championValue }: Means) =>
      isNear(value, said.value) && isNear(championValue, said.championValue);
    if (!found.some(isFound))
      sim.violate(
        `#${pull} is judged by ${said.value} against ${said.championValue}, measured were ${JSON.stringify(found)}.`,
      );
    // A person may keep what is no better.
    if (keptBy(marker) !== null) return;
    // The champion's mean may have been luck, or better by less than shorter code is worth; but not by more than the noise, which is known here.
    const loss = (said.value ?? Number.POSITIVE_INFINITY) - (said.championValue ?? 0);
    if (loss > sim.landscape.noise + ROUNDING)
      sim.violate(`#${pull} is to be merged although its mean is worse than the champion’s by ${loss}.`);
  }

  /** What its trials under each of the conditions come to, and the champion's under the same. */
  function meansOf(marker: ExperimentMarker, known: readonly RecordedTrial[]): Means[] {
    const measured = marker.trials.filter(isMeasured);
    const onChampion = known.filter(trial => trial.tree === marker.champion.tree && isMeasured(trial));
    // Any other number is a claim of the candidate's.
    const sound = sim.profile.refereed
      ? measured.filter(({ refereed }) => refereed?.audit != null)
      : measured;
    return sound.map(example => {
      const champion = onChampion.filter(trial => isAlike(trial, example));
      // And may do so where there is nothing to compare them with.
      if (champion.length === 0) return { value: meanOf(sound), championValue: null };
      return {
        value: meanOf(sound.filter(trial => isAlike(trial, example))),
        championValue: meanOf(champion),
      };
    });
  }
}

/** The trials of a campaign together with those of any of the others: of none, of each, of every two … of all. */
function subsets(all: readonly RecordedTrial[], campaign: number): RecordedTrial[][] {
  const issueOf = ({ trial }: RecordedTrial) => trialParts(trial).issue;
  let known = [all.filter(trial => issueOf(trial) === campaign)];
  for (const issue of new Set(all.map(issueOf))) {
    if (issue === campaign) continue;
    const more = all.filter(trial => issueOf(trial) === issue);
    known = known.flatMap(some => [some, [...some, ...more]]);
  }
  return known;
}

/** A trial on a busy machine is only compared with others on a busy one. */
function isAlike(a: RecordedTrial, b: RecordedTrial): boolean {
  const conditionsOf = ({ machine, digest, budgetSeconds, conditions }: RecordedTrial) =>
    JSON.stringify([machine, digest, budgetSeconds, conditions?.othersCores]);
  return conditionsOf(a) === conditionsOf(b);
}

function isMeasured({ outcome }: RecordedTrial): boolean {
  return outcome.status === 'measured';
}

function meanOf(trials: readonly RecordedTrial[]): number {
  return mean(measuredValues(trials));
}

function isNear(one: number | null, other: number | null): boolean {
  return one === null || other === null ? one === other : Math.abs(one - other) < ROUNDING;
}
