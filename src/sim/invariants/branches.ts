/** Which branches the App may make, move and delete: the base by merges alone, and a campaign's own where campaigns have one. */
import type { Branch } from '../model/state.ts';
import { campaignOf, promotionsOf } from './read.ts';
import type { Rule, Rules } from './rule.ts';

export function watchBranches({ sim, model }: Rules): Rule {
  /** Every commit that the default branch was at. */
  const homes = new Set(model.branches.values().map(({ sha }) => sha));
  /** Where the App made each campaign's own branch. */
  const madeAt = new Map<string, string>();
  return change => {
    if (change.table !== 'branches') return;
    const { actor, before, after } = change;
    const name = (after ?? before)?.name ?? '';
    if (name === model.defaultBranch && after) homes.add(after.sha);
    if (actor !== model.botLogin) return;
    const issue = campaignOf(name);
    if (name === model.defaultBranch) checkDefault(after);
    else if (issue !== null) checkOwn(name, issue, before, after);
  };

  function checkDefault(after: Branch | undefined): void {
    if (sim.profile.apart) sim.violate('The App moved the default branch, and may not.');
    else if (!after) sim.violate('The App deleted the default branch.');
  }

  function checkOwn(
    name: string,
    issue: number,
    before: Branch | undefined,
    after: Branch | undefined,
  ): void {
    if (!sim.profile.apart) sim.violate(`The App touched ${name}, and has no use for it.`);
    else if (!before && after) checkMade(after);
    else if (before && !after) checkDeleted(before, issue);
  }

  function checkMade({ name, sha }: Branch): void {
    if (!homes.has(sha))
      sim.violate(`The App made ${name} from ${sha}, which the default branch never was at.`);
    madeAt.set(name, sha);
  }

  /** Only what holds nothing, or was taken over by a person as it is, may go. */
  function checkDeleted({ name, sha }: Branch, issue: number): void {
    const taken = promotionsOf(model, issue).some(pull => pull.state === 'merged' && pull.headSha === sha);
    if (sha !== madeAt.get(name) && !taken)
      sim.violate(`The App deleted ${name}, and what it had found with it.`);
  }
}
