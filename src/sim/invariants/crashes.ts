/** Crashes in a row make a campaign pause, so that nobody pays a night for a broken idea. */
import { markerOf, pullsOf, statusComments } from './read.ts';
import type { Rule, Rules } from './rule.ts';

export function watchCrashes({ sim, model, allowed }: Rules): Rule {
  const { crashesInARow, parallel } = sim.profile;
  // At the last crash that it takes, the other runners may each be at one more.
  return change => {
    if (change.table !== 'pulls' || change.actor !== model.botLogin || !change.after) return;
    const marker = markerOf(change.after);
    if (marker?.verdict?.kind !== 'crash') return;
    const most = crashesInARow + parallel - 1 + (allowed(1) - 1);
    const found = longestRow(marker.campaign);
    if (found > most)
      sim.violate(
        `${found} experiments of campaign #${marker.campaign} crashed in a row, expected ${most} at most.`,
      );
  };

  /** Crashes in the order of the experiments, since a person last let the campaign go on; what has no verdict is not there yet. */
  function longestRow(campaign: number): number {
    const forgiven = statusComments(model, campaign)[0]?.state.forgiven.experiments ?? 0;
    const markers = pullsOf(model, campaign)
      .flatMap(pull => markerOf(pull) ?? [])
      .sort((a, b) => a.number - b.number)
      .slice(forgiven);
    let [row, longest] = [0, 0];
    for (const { verdict } of markers.filter(each => each.verdict !== null)) {
      row = verdict?.kind === 'crash' ? row + 1 : 0;
      longest = Math.max(longest, row);
    }
    return longest;
  }
}
