/** What people say of an experiment before it is merged: that it is to be kept, or discarded. */
import type { ExperimentMarker } from '../../campaign/marker.ts';
import { discardedBy, keptBy } from '../../campaign/people.ts';
import type { Comment } from '../../github/port.ts';
import type { Model, PullRecord } from '../model/state.ts';
import type { Rule } from './rule.ts';

interface Keeps {
  /** Notes comments by which people with permission keep something. */
  hear: Rule;
  /** What people said against a merge, or did not say for it; `message` is its commit's. */
  unsaid(pull: PullRecord, marker: ExperimentMarker, message: string): string[];
}

export function listenForKeeps(model: Model): Keeps {
  /** Comments that keep something, by id. */
  const spoken = new Map<number, Comment>();
  return {
    hear(change) {
      if (change.table !== 'comments' || !change.after || change.before) return;
      const { id, author, body } = change.after;
      const may = ['admin', 'write'].includes(model.permissions.get(author) ?? '');
      if (may && body === '/research keep') spoken.set(id, change.after);
    },
    unsaid({ number }, marker, message) {
      const reasons: string[] = [];
      const keeper = keptBy(marker);
      const trailer = /^Kept-by: (.*)$/m.exec(message)?.[1] ?? null;
      if (trailer !== keeper) reasons.push(`${keeper} kept it and its commit names ${trailer}`);
      const word = marker.words.findLast(({ kind }) => kind === 'keep');
      const said = word && spoken.get(word.comment);
      if (keeper !== null && (said?.author !== keeper || said.issue !== number))
        reasons.push('nobody who may write said to keep it');
      if (marker.held !== null && keeper === null) reasons.push('it was held and nobody kept it');
      if (discardedBy(marker) !== null) reasons.push('it was discarded');
      return reasons;
    },
  };
}
