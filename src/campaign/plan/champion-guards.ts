/** The contract's guards on the champion: it must have each number, and people are told of a limit that it does not meet. */
import type { Contract } from '../../protocol/contract.ts';
import { type Guard, isFromOutside, writeBound } from '../../protocol/guards.ts';
import { suggest } from '../../protocol/suggest.ts';
import { exactNumber } from '../../text/exact-number.ts';
import { quote } from '../../text/markdown.ts';
import type { Action } from '../action.ts';
import { budgetOf, championIsMeasured, trialsOfTree } from '../evidence/evidence.ts';
import { type GuardLevel, guardLevels } from '../evidence/guards.ts';
import type { RecordedTrial } from '../marker.ts';
import { unmetGuardKey } from '../notice.ts';
import { paused } from '../phase.ts';
import { pauseForFaults, recentTrials } from './champion.ts';
import { dispatch, waitForAttempt } from './dispatch.ts';
import type { Turn } from './turn.ts';

/**
 * What the guards need before anything is judged: another trial of the champion if no trial of it has a guarded number, or a fix by a person if
 * its trials in this campaign have none. Null if everything is there.
 */
export function prepareGuards(turn: Turn): Action | null {
  const { snapshot, work, now, limit } = turn;
  const { contract, campaign } = work;
  if (limit !== null || contract.guards.length === 0) return null;
  const budget = budgetOf(contract, campaign);
  const isMeasured = ({ outcome, budgetSeconds }: RecordedTrial) =>
    outcome.status === 'measured' && budgetSeconds === budget;
  const trials = trialsOfTree(snapshot, snapshot.base.tree).filter(isMeasured);
  const recent = recentTrials(snapshot, campaign).filter(isMeasured);
  const isReady = championIsMeasured(snapshot, contract, budget);
  for (const guard of contract.guards) {
    const { name } = guard;
    if (trials.length === 0 || trials.some(({ numbers }) => numbers[name] != null)) continue;
    const last = recent.at(-1);
    // What the machine could not tell once, it may tell the next time.
    if (last && (isReady || last.numbers[name] === null))
      return { kind: 'phase', campaign, ...paused(missingText(contract, guard, last)) };
    if (isReady)
      return (
        waitForAttempt(snapshot, work, null, now) ??
        pauseForFaults(campaign, recentTrials(snapshot, campaign)) ??
        dispatch(snapshot, work, null, trials)
      );
  }
  return isReady ? announceUnmet(turn) : null;
}

/** Says once for each absolute limit that the champion does not meet what it means for ideas. */
function announceUnmet({ snapshot, work: { campaign, contract } }: Turn): Action | null {
  for (const level of guardLevels(snapshot, contract, campaign)) {
    const { name, side, bound } = level.guard;
    if (bound.isRelative || level.limit === null || level.limit === bound.value) continue;
    const key = unmetGuardKey(name, writeBound(bound));
    if (campaign.state.notices.includes(key)) continue;
    return { kind: 'notify', campaign, key, text: unmetText(level, side), pause: false };
  }
  return null;
}

function unmetText({ guard, champion, limit }: GuardLevel, side: Guard['side']): string {
  const wanted = `${side === 'at_most' ? 'at most' : 'at least'} ${writeBound(guard.bound)}`;
  const kept = side === 'at_most' ? 'not above' : 'not below';
  return `The champion does not meet the guard ${quote(guard.name)} itself: the contract says ${wanted}, and it has ${exactNumber(champion ?? 0)}. Until a champion meets it, ideas are merged if they are ${kept} ${exactNumber(limit ?? 0)}, which is its level with the noise of one trial. If the limit is a mistake, fix \`guards\` in the contract.`;
}

function missingText(
  { metric }: Contract,
  { name }: Guard,
  { trial, reported, machine }: RecordedTrial,
): string {
  const resume = 'then comment `/research resume`.';
  if (isFromOutside(name, metric.referee !== undefined))
    return `The guard ${quote(name)} cannot be checked: it is measured from outside, and on ${quote(machine)} it could not be. Remove it from \`guards\` in the contract or fix the runner, ${resume}`;
  const known = Object.keys(reported);
  const near = suggest(name, known);
  const found =
    known.length === 0
      ? 'no other numbers'
      : known
          .slice(0, 10)
          .map(each => quote(each))
          .join(', ');
  const meant = near === null ? '' : ` (did you mean ${quote(near)}?)`;
  return `The guard ${quote(name)} cannot be checked: trial ${trial} of the champion reported no number of that name${meant}, found ${found}. Fix \`guards\` in the contract, or let the command report it, ${resume}`;
}
