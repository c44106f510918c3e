/** Verdicts of every ending, for tests. */
import { endingOf } from '../campaign/evidence/ending.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../campaign/marker.ts';
import { CRASH, experiment, STOPPED, trial } from '../campaign/snapshot.test-helper.ts';
import { contractSchema } from '../protocol/contract.ts';
import type { Judged } from './verdict.ts';

export const CHAMPION = [0.9709, 0.9712, 0.9706].map((value, i) =>
  trial(`3/0.${i + 1}`, 'champion tree', value, { seed: i + 1 }),
);

/** Trials of an idea with these scores. */
export function trialsOf(...values: number[]): RecordedTrial[] {
  return values.map((value, i) => trial(`3/1.${i + 1}`, 'tree 1', value, { seed: i + 1 }));
}

interface Parts {
  trials?: readonly RecordedTrial[];
  verdict?: Partial<Verdict>;
  marker?: Partial<ExperimentMarker>;
  contract?: unknown;
}

/** A merge of an idea that scored 0.0012 better in two trials, but for what is given. */
export function judged({ trials = trialsOf(0.9695, 0.9699), verdict, marker, contract }: Parts = {}): Judged {
  const champion = verdict?.value === null || verdict?.noise === null ? [] : CHAMPION;
  const ids = (all: readonly RecordedTrial[]) => all.map(each => each.trial);
  const values = trials.flatMap(({ outcome }) => (outcome.status === 'measured' ? [outcome.value] : []));
  const idea = { title: 'warmdown 0.7 → 0.75', hypothesis: 'A longer warmdown helps.', edits: [] };
  return {
    contract: contractSchema.parse(contract ?? {}),
    experiment: experiment(1, { idea, trials: [...trials], ...marker }),
    verdict: {
      kind: 'merge',
      cause: 'better',
      reason: 'Better than the champion.',
      value: values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null,
      championValue: 0.9709,
      compared: {
        candidate: ids(trials.filter(({ outcome }) => outcome.status === 'measured')),
        champion: ids(champion),
      },
      noise: 0.0003,
      doubt: 0.002,
      prior: 0.1,
      ...verdict,
    },
    trials,
    champion,
  };
}

const CLOSED = { kind: 'close', cause: null, reason: 'Did not score better than the champion.' } as const;
const NOTHING = { value: null, championValue: null, noise: null, doubt: null } as const;
const STOPPED_TRIALS = [trial('3/1.1', 'tree 1', STOPPED)];

/** One verdict for each ending, and for stacks. */
export const VERDICTS: Record<string, Judged> = {
  improvement: judged(),
  'improvement on a champion that drifted': judged({ trials: trialsOf(0.9711, 0.9713) }),
  'merged stack': judged({ marker: { parts: [4, 7, 9] }, verdict: { prior: 0.4 } }),
  simplification: judged({
    trials: trialsOf(0.9709, 0.9707, 0.9711),
    verdict: { cause: 'simpler', reason: 'As good as the champion, with less code.', doubt: 0.95 },
  }),
  kept: judged({
    trials: trialsOf(0.972),
    verdict: { cause: 'kept', reason: 'Kept by ann. The gate would have closed it.', doubt: 0.99 },
  }),
  'near miss': judged({
    trials: trialsOf(0.9706, 0.9708),
    verdict: {
      ...CLOSED,
      reason: 'Scored better than the champion, but not by more than chance can explain.',
      doubt: 0.62,
    },
  }),
  'closed stack': judged({
    trials: trialsOf(0.9705, 0.9708),
    marker: { parts: [4, 7, 9] },
    verdict: { ...CLOSED, doubt: 0.55, prior: 0.4 },
  }),
  'too close': judged({ trials: trialsOf(0.971), verdict: { ...CLOSED, doubt: 0.92 } }),
  worse: judged({ trials: trialsOf(0.98), verdict: { ...CLOSED, doubt: 0.9999 } }),
  'stopped early': judged({
    trials: STOPPED_TRIALS,
    verdict: {
      ...CLOSED,
      value: 1.2,
      reason: 'Stopped early at 60%.',
      compared: { candidate: [], champion: ['3/0.1'] },
    },
  }),
  crash: judged({
    trials: [trial('3/1.1', 'tree 1', CRASH)],
    verdict: { ...NOTHING, kind: 'crash', cause: null, reason: 'Crashed (exception): ValueError: no' },
  }),
  flagged: judged({
    verdict: {
      ...NOTHING,
      kind: 'flagged',
      cause: null,
      reason: 'The audit of trial 3/1.1 disagrees with its score: 7 predictions differ.',
    },
  }),
  unmeasured: judged({
    trials: [],
    verdict: {
      ...NOTHING,
      kind: 'unmeasurable',
      cause: null,
      reason: '3 trials failed with a machine error.',
    },
  }),
  superseded: judged({
    trials: [],
    verdict: {
      ...NOTHING,
      kind: 'superseded',
      cause: null,
      reason: 'The champion changed 3 times while this experiment was being measured.',
    },
  }),
  'not judged': judged({
    trials: trialsOf(0.9699),
    verdict: {
      ...NOTHING,
      value: 0.9699,
      kind: 'stopped',
      cause: null,
      reason: 'The campaign ended before this experiment had a verdict.',
    },
  }),
  'by a person': judged({
    trials: [],
    verdict: { ...NOTHING, kind: 'person', cause: null, reason: 'Discarded by ann.' },
  }),
};

/** The ending that each of them has. */
export function endingsOf(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(VERDICTS).map(([name, { verdict, trials }]) => [
      name,
      endingOf(verdict, trials, 'minimize'),
    ]),
  );
}
