import type { CampaignState } from '../../campaign/marker.ts';
import type { PullRecord } from '../model/state.ts';
import { markerOf, pullsOf, stateOf, statusComments } from './read.ts';
import type { Rule, Rules } from './rule.ts';

/** Between what the App looks at and what it does lie calls that take time, and some are tried again. */
const SLACK_SECONDS = 120;

export function watchLimits({ sim, model, allowed }: Rules): Rule {
  const { hoursLimit, usdLimit, twoApps } = sim.profile;
  return change => {
    if (change.actor !== model.botLogin || !change.after) return;
    if (change.table === 'comments') {
      const [old, now] = [change.before && stateOf(change.before), stateOf(change.after)];
      // Where a person took the state away and the App wrote it back, no clock was set.
      if (now && now.startedAt !== old?.startedAt && (old || !change.before))
        checkClock(old ?? null, now, change.after.issue);
    }
    const marker = change.table === 'pulls' && !change.before && markerOf(change.after);
    if (marker) checkOpened(marker.campaign, change.after);
  };

  function checkClock(old: CampaignState | null, { startedAt }: CampaignState, issue: number): void {
    const ago = (model.now() - Date.parse(startedAt)) / 1000;
    if (ago < 0 || ago > SLACK_SECONDS)
      sim.violate(`Campaign #${issue} says that it began ${ago} seconds ago.`);
    // Two Apps, or two lives of one, may carry out the same command.
    if (allowed(1) === 1 && (old?.phase === 'running' || old?.phase === 'paused'))
      sim.violate(`Campaign #${issue} set its clock back while it was ${old.phase}.`);
  }

  function checkOpened(issue: number, opened: PullRecord): void {
    const state = statusComments(model, issue)[0]?.state;
    if (!state) return;
    const hours = (model.now() - Date.parse(state.startedAt)) / 3_600_000;
    if (hoursLimit !== null && hours > hoursLimit + SLACK_SECONDS / 3600)
      sim.violate(`#${opened.number} was opened ${hours} hours after the start, the limit is ${hoursLimit}.`);
    const others = pullsOf(model, issue).flatMap(pull =>
      pull.number === opened.number ? [] : (markerOf(pull)?.cost.usd ?? []),
    );
    const spent = others.reduce((sum, usd) => sum + usd, state.failedCost.usd ?? 0);
    // Of two Apps each may have paid for a thought that the other does not know of.
    if (usdLimit !== null && !twoApps && spent > usdLimit - 1e-6)
      sim.violate(`#${opened.number} was opened with $${spent} spent, the limit is $${usdLimit}.`);
  }
}
