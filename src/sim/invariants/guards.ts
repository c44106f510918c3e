/** No merge of the App breaks a guard, whatever it had measured: the true numbers are known here. */
import { keptBy } from '../../campaign/people.ts';
import { GUARD_NOISE, MOST_MEMORY } from '../landscape.ts';
import type { Branch, PullRecord } from '../model/state.ts';
import { campaignOf, isTakenBack, markerOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

interface Level {
  memory: number;
  /** Null where it is not reported. */
  quality: number | null;
}

/** What noise may let pass: of the mean of an idea, and of what its limit is derived from, with a trial's deviation. */
const SLACK = { memory: GUARD_NOISE.memory * (1 + MOST_MEMORY), quality: 3.2 * GUARD_NOISE.quality };

export function watchGuards({ sim, model }: Rules): Rule {
  const { leastQuality } = sim.profile;
  /** What each base ever held, and what of that people chose. */
  const tips = new Map<string, Level[]>();
  const chosen = new Map<string, Level[]>();
  /** What a campaign's base had held when its first experiment was opened. */
  const starts = new Map<number, Level[]>();
  for (const branch of model.branches.values()) note(tips, branch);
  return change => {
    if (leastQuality === null) return;
    if (change.table === 'pulls' && change.after && !change.before) begin(change.after);
    if (change.table !== 'branches' || !change.after) return;
    const { after, actor, merged } = change;
    if (after.name !== model.defaultBranch && campaignOf(after.name) === null) return;
    const pull = merged === null ? undefined : model.pulls.get(merged);
    const marker = pull && markerOf(pull);
    if (actor === model.botLogin && marker && keptBy(marker) === null) check(pull, marker.campaign, after);
    else if (actor !== model.botLogin || marker) note(chosen, after);
    note(tips, after);
  };

  function begin(pull: PullRecord): void {
    const marker = markerOf(pull);
    if (marker && !starts.has(marker.campaign)) starts.set(marker.campaign, [...(tips.get(pull.base) ?? [])]);
  }

  /** @param tip of the base after the merge */
  function check(pull: PullRecord, campaign: number, tip: Branch): void {
    // Where people removed what the App had written down, it cannot know what it merged, and starts over from there.
    if (isTakenBack(sim)) return;
    const found = levelOf(tip);
    const references = [...(starts.get(campaign) ?? []), ...(chosen.get(tip.name) ?? [])];
    const most = MOST_MEMORY * Math.max(...references.map(({ memory }) => memory)) + SLACK.memory;
    const least =
      Math.min(leastQuality ?? 0, ...references.flatMap(({ quality }) => quality ?? [])) - SLACK.quality;
    const wrong = [
      found.memory > most ? `its memory is ${found.memory}, allowed were ${most}` : '',
      found.quality === null ? 'it reports no quality' : '',
      found.quality !== null && found.quality < least
        ? `its quality is ${found.quality}, least ${least}`
        : '',
    ];
    for (const reason of wrong.filter(text => text !== ''))
      sim.violate(`#${pull.number} was merged although it broke a guard: ${reason}.`);
  }

  function note(levels: Map<string, Level[]>, branch: Branch): void {
    levels.set(branch.name, [...(levels.get(branch.name) ?? []), levelOf(branch)]);
  }

  function levelOf({ sha }: Branch): Level {
    const files = model.git.tree(model.git.commit(sha)?.tree ?? '') ?? new Map<string, string>();
    const { memory, quality } = sim.landscape.guarded(files);
    return { memory: memory ?? 0, quality };
  }
}
