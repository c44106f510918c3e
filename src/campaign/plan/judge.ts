/** The gate's part in an experiment's next step: a verdict, or one more trial. */
import { mean } from '../../gate/mean.ts';
import type { Action } from '../action.ts';
import { type Judgement, judgeExperiment, soundTrials } from '../evidence/evidence.ts';
import { stoppedVerdict } from '../evidence/stopping.ts';
import { measuredValues } from '../model.ts';
import { measureAgain, measureAlike, restack, takeTrial } from './measure.ts';
import type { Subject } from './subject.ts';

/** What the gate found, for people. */
const REASONS = {
  better: 'Better than the champion.',
  simpler: 'As good as the champion, and shorter.',
  close: 'Not shown to be better than the champion.',
  hold: 'Its gain is far beyond the effects of all ideas before it.',
};

type Judged = Extract<Judgement, { kind: 'judged' }>;

/** The verdict on an experiment; without one, what is to be measured next. */
export function judge(subject: Subject): Action {
  const { snapshot, work, experiment, trials, moved } = subject;
  const stopped = stoppedVerdict(snapshot, work.contract, experiment, trials);
  if (stopped) return { kind: 'close', experiment, trials, unfinished: [], verdict: stopped };
  if (measuredValues(trials).length === 0) return moved ? restack(subject) : takeTrial(subject);
  const judgement = judgeSound(subject);
  const verdict = judgement?.kind === 'judged' ? verdictOf(subject, judgement) : null;
  if (verdict) return verdict;
  // Trials of an old base never match the new champion's conditions, however often that is measured.
  if (moved) return restack(subject);
  return judgement?.kind === 'incomparable' ? measureAlike(subject) : measureAgain(subject);
}

/**
 * What all numbers say where that is to close it, and else what the audited ones say, which alone may lead to a merge. A number that did not
 * call for an audit, on a machine where the champion is slower than its others say, is worth another trial, and that is audited. Null while
 * none is.
 */
function judgeSound({ snapshot, work: { contract }, experiment, trials }: Subject): Judgement | null {
  const all = judgeExperiment(snapshot, contract, experiment, trials);
  const sound = soundTrials(contract, trials);
  if (all.kind === 'incomparable' || all.verdict.kind === 'close' || sound.length === trials.length)
    return all;
  if (measuredValues(sound).length === 0) return null;
  return judgeExperiment(snapshot, contract, experiment, sound);
}

/** Null where the gate asks for another trial, and where its verdict was on a champion that is gone. */
function verdictOf({ work, experiment, trials, moved }: Subject, judged: Judged): Action | null {
  const { kind, simplification, noise, doubt } = judged.verdict;
  const numbers = { value: mean(judged.value), championValue: mean(judged.champion), noise, doubt };
  // A candidate that lost against the old champion would lose against the new one too.
  if (kind === 'close') {
    const verdict = { kind, cause: null, reason: REASONS.close, ...numbers } as const;
    return { kind, experiment, trials, unfinished: [], verdict };
  }
  if (moved || kind === 'again') return null;
  if (kind === 'hold') {
    const verdict = { kind: 'flagged', cause: null, reason: REASONS.hold, ...numbers } as const;
    return { kind, ...work, experiment, trials, verdict };
  }
  const cause = simplification ? 'simpler' : 'better';
  return { kind, ...work, experiment, trials, verdict: { kind, cause, reason: REASONS[cause], ...numbers } };
}
