/** Description and marker of an experiment's pull request. */

import { type ExperimentMarker, experimentMarkerSchema } from '../campaign/marker.ts';
import { smallerMarkers } from '../campaign/smaller-marker.ts';
import { pullDescription } from '../render/pull.ts';
import { MAX_BODY, writeStored } from './marker.ts';

/** Characters reserved for one visible sentence. */
const ROOM_FOR_SUMMARY = 200;

/** Description and marker of an experiment's pull request. */
export function pullBody(marker: ExperimentMarker): string {
  let hidden = '';
  for (const version of smallerMarkers(marker)) {
    hidden = writeStored('experiment', version, experimentMarkerSchema);
    if (hidden.length <= MAX_BODY - ROOM_FOR_SUMMARY) break;
  }
  const visible = pullDescription(marker);
  const room = MAX_BODY - hidden.length - 2;
  return `${visible.length <= room ? visible : `Experiment ${marker.number} of campaign #${marker.campaign}.`}\n\n${hidden}`;
}
