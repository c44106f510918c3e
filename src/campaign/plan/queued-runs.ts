/** Runs that no runner picks up. */

import type { Action, Work } from '../action.ts';
import type { Attempt, Run, Snapshot } from '../model.ts';
import { coversRun, queueKey } from '../notice.ts';
import { openExperiments } from '../queries.ts';
import { secondsSince } from '../time.ts';
import { FIRST_FINAL, trialParts } from '../trial-id.ts';
import type { Turn } from './turn.ts';

/** Before any run has been picked up, a label that no runner has is likelier than a busy runner. */
const FIRST_NOTICE_SECONDS = 25;
const NOTICE_SECONDS = 600;
const PAUSE_SECONDS = 3600;

interface Queued {
  attempt: Attempt;
  run: Run;
}

/**
 * A run that no runner picks up is reported after ten minutes, the first one sooner, and pauses the campaign after an hour. While any run is in progress, the
 * others are waiting for its runner, and when it ends the time starts again.
 */
export function waitForRunner({ snapshot, work, now }: Turn): Action | null {
  const { campaign } = work;
  const { notices } = campaign.state;
  const queued = queuedRuns(snapshot, work);
  const [first, last] = [queued[0], queued.at(-1)];
  if (!first || !last) return null;
  const { attempt, run } = first;
  const sinceLast = snapshot.runEndedAt === null ? Infinity : secondsSince(snapshot.runEndedAt, now);
  const waited = Math.min(secondsSince(run.createdAt, now), sinceLast);
  if (waited >= PAUSE_SECONDS) {
    if (coversRun(notices, 'paused', run)) return recordAsLost(snapshot, work, attempt);
    const text = `No runner has picked up trial ${attempt.trial} for an hour, so this campaign is paused. Start a self-hosted runner with the workflow's labels, then comment \`/research resume\`.`;
    const key = queueKey('paused', last.run);
    return { kind: 'notify', campaign, key, text, pause: true, queuedRun: run.id };
  }
  const isFirst = snapshot.runEndedAt === null;
  if (waited < (isFirst ? FIRST_NOTICE_SECONDS : NOTICE_SECONDS)) return null;
  if (coversRun(notices, 'waiting', run)) return null;
  const text = `No runner has picked up trial ${attempt.trial} for ${isFirst ? `${FIRST_NOTICE_SECONDS} s` : '10 min'} ([run](${run.url})). Is a self-hosted runner with the workflow's labels online? The campaign pauses after an hour.`;
  const key = queueKey('waiting', last.run);
  return { kind: 'notify', campaign, key, text, pause: false, queuedRun: run.id };
}

/** The campaign's queued runs, oldest first; none while any run is in progress. */
function queuedRuns({ attempts }: Snapshot, { campaign }: Work): Queued[] {
  const all = [...attempts.values()];
  if (all.some(({ run }) => run?.status === 'in_progress')) return [];
  return all
    .flatMap(attempt => (attempt.run?.status === 'queued' ? [{ attempt, run: attempt.run }] : []))
    .filter(
      ({ attempt }) =>
        trialParts(attempt.trial).issue === campaign.issue && attempt.check?.measurement == null,
    )
    .sort((a, b) => a.run.id - b.run.id);
}

/** A person resumed the campaign after this run had paused it: the run counts as a machine error, so its trial is repeated. */
function recordAsLost(snapshot: Snapshot, work: Work, attempt: Attempt): Action | null {
  const { experiment: number } = trialParts(attempt.trial);
  const experiment = openExperiments(snapshot, work.campaign).find(({ marker }) => marker.number === number);
  return number === 0 || number >= FIRST_FINAL || experiment
    ? { kind: 'record', ...work, experiment: experiment ?? null, attempt }
    : null;
}
