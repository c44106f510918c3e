/** What people can do after a campaign: each line names what was found and the command that follows from it. */
import { isHeldBack, ladderOf } from '../campaign/evidence/ladder.ts';
import type { Experiment } from '../campaign/model.ts';
import { campaignBranch } from '../campaign/own-branch.ts';
import { formatCount } from './number.ts';
import type { Facts } from './report-facts.ts';

const MOST_PARTS = 8;
/** If the last merge is within the last part of a campaign, more of the same is likely to find more. */
const RECENT_SHARE = 1 / 3;
/** From fewer experiments, nothing can be said about that. */
const FEWEST = 6;

/** The lines of the list. */
export function whatNext(facts: Facts): string[] {
  return [takeIt(facts), stackNearMisses(facts), rerunUnjudged(facts), goOn(facts)].flatMap(line =>
    line === null ? [] : [`- ${line}`],
  );
}

function takeIt({ campaign, contract, line, snapshot }: Facts): string | null {
  if (!campaign.state.base || line === null) return null;
  if (isHeldBack(contract, ladderOf(snapshot, contract, campaign))) return null;
  return `Take it: a pull request from \`${campaignBranch(campaign.issue)}\` into \`${snapshot.home.branch}\` has the evidence, and only a person can merge it.`;
}

function stackNearMisses({ nearMisses, experiments }: Facts): string | null {
  const tried = new Set(experiments.flatMap(({ marker }) => marker.parts));
  const parts = nearMisses
    .filter(({ pull, marker }) => marker.parts.length === 0 && !tried.has(pull))
    .slice(0, MOST_PARTS);
  if (parts.length < 2) return null;
  return `${parts.length} near misses may add up: \`/research stack ${names(parts)}\` tries them together.`;
}

function rerunUnjudged({ experiments }: Facts): string | null {
  const unjudged = experiments.filter(
    ({ state, marker }) =>
      state === 'closed' && ['unmeasurable', 'superseded', 'stopped'].includes(marker.verdict?.kind ?? ''),
  );
  if (unjudged.length === 0) return null;
  return `${formatCount(unjudged.length, 'idea')} got no verdict. \`/research rerun\` on a pull request opens it again on the current champion.`;
}

function goOn({ experiments, line }: Facts): string | null {
  const count = experiments.length;
  const last = Math.max(0, ...(line?.merged.map(({ marker }) => marker.number) ?? []));
  const position = experiments.filter(({ marker }) => marker.number <= last).length;
  if (count < FEWEST) return 'So few experiments say little. `/research 50` continues from here.';
  if (last > 0 && count - position < RECENT_SHARE * count)
    return `Gains were still coming: the last merge was experiment ${position} of ${count}. \`/research ${count}\` continues from here.`;
  const since =
    last === 0 ? `None of ${count} experiments` : `None of the last ${count - position} experiments`;
  return `${since} was merged. A hint may help more than more of the same: \`/research 20 look into …\`, or \`/research try IDEA\`.`;
}

function names(experiments: readonly Experiment[]): string {
  return experiments.map(({ pull }) => `#${pull}`).join(' ');
}
