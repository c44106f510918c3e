/** Lets the gate decide on an experiment: a verdict, or another trial. */
import { mean } from '../../gate/mean.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Action } from '../action.ts';
import { comparedIn, type Judgement, judgeExperiment, soundTrials } from '../evidence/evidence.ts';
import { breachReason, guardFindings } from '../evidence/guards.ts';
import { stoppedVerdict } from '../evidence/stopping.ts';
import { missingOnTest, missingReason } from '../evidence/test-text.ts';
import type { GuardFinding } from '../guard-finding.ts';
import type { RecordedTrial } from '../marker.ts';
import { measuredValues } from '../model.ts';
import { askChampion, mayAskChampion, measureAgain, measureAlike, restack, takeTrial } from './measure.ts';
import type { Subject } from './subject.ts';

/** The gate's findings, in a sentence for people. */
const REASONS = {
  better: 'Better than the champion.',
  simpler: 'As good as the champion, with less code.',
  chance: 'Scored better than the champion, but not by more than chance can explain.',
  worse: 'Did not score better than the champion.',
  implausible: 'The improvement is implausibly large compared with the effects of earlier ideas.',
};

type Judged = Extract<Judgement, { kind: 'judged' }>;

/** The verdict on an experiment or, if there is none yet, what to measure next. */
export function judge(subject: Subject): Action {
  const { snapshot, work, experiment, trials, moved } = subject;
  const stopped = stoppedVerdict(snapshot, work.contract, experiment, trials);
  if (stopped) return { kind: 'close', experiment, trials, unfinished: [], verdict: stopped };
  if (measuredValues(trials).length === 0) return moved ? restack(subject) : takeTrial(subject);
  const judgement = judgeSound(subject);
  const guards =
    judgement?.kind === 'judged' ? guardFindings(snapshot, work.contract, experiment, judgement) : [];
  const verdict = judgement?.kind === 'judged' ? verdictOf(subject, judgement, guards) : null;
  if (verdict) return verdict;
  // Trials on an earlier champion never become comparable, however often the new one is measured.
  if (moved) return restack(subject);
  if (judgement?.kind === 'judged' && judgement.verdict.kind === 'champion') return askChampion(subject);
  const isAlone = judgement?.kind === 'incomparable' || guards === null;
  return isAlone ? measureAlike(subject) : measureAgain(subject);
}

/**
 * Judges all scores together, and if they do not close the experiment, the audited ones alone: only they can lead to a merge. Null if
 * none was audited. Then the experiment gets another trial, which is.
 */
function judgeSound(subject: Subject): Judgement | null {
  const { snapshot, work, experiment, trials } = subject;
  const { contract } = work;
  const mayAsk = mayAskChampion(subject);
  const all = judgeExperiment(snapshot, contract, experiment, trials, mayAsk);
  const sound = soundTrials(contract, trials);
  if (all.kind === 'incomparable' || all.verdict.kind === 'close' || sound.length === trials.length)
    return all;
  if (measuredValues(sound).length === 0) return null;
  return judgeExperiment(snapshot, contract, experiment, sound, mayAsk);
}

/**
 * Null if the gate or a guard asks for another trial, or if the verdict was about an earlier champion.
 * @param guards null if they cannot be checked under the conditions of these trials
 */
function verdictOf(
  { work, experiment, trials, moved }: Subject,
  judged: Judged,
  guards: GuardFinding[] | null,
): Action | null {
  const { kind, simplification, noise, doubt, prior } = judged.verdict;
  const meanOf = (measured: readonly RecordedTrial[]) => mean(measuredValues(measured));
  const numbers = {
    value: meanOf(judged.candidate),
    championValue: meanOf(judged.champion),
    compared: comparedIn(judged),
    noise,
    doubt,
    prior,
    ...(guards && guards.length > 0 ? { guards } : {}),
  };
  // A candidate that lost against the old champion would lose against the new one too.
  if (kind === 'close') {
    const reason = closeReason(work.contract, numbers);
    const verdict = { kind, cause: null, reason, ...numbers } as const;
    return { kind, experiment, trials, unfinished: [], verdict };
  }
  if (moved || guards === null) return null;
  const breach = breachReason(guards, work.contract.metric.referee !== undefined);
  if (breach !== null) {
    const verdict = { kind: 'guard', cause: null, reason: breach, ...numbers } as const;
    return { kind: 'close', experiment, trials, unfinished: [], verdict };
  }
  if (kind === 'again' || kind === 'champion' || guards.some(guard => guard.kind === 'unsure')) return null;
  const missing = missingOnTest(work.contract, judged.candidate, judged.champion, noise);
  if (kind === 'hold' || missing) {
    const reason = missing ? missingReason(missing) : REASONS.implausible;
    const verdict = { kind: 'flagged', cause: null, reason, ...numbers } as const;
    return { kind: 'hold', ...work, experiment, trials, verdict };
  }
  const cause = simplification ? 'simpler' : 'better';
  return { kind, ...work, experiment, trials, verdict: { kind, cause, reason: REASONS[cause], ...numbers } };
}

/** Why it is closed. One that scored better must not be told that it did not. */
function closeReason({ metric, gate }: Contract, score: { value: number; championValue: number }): string {
  const gain = (score.championValue - score.value) * (metric.goal === 'minimize' ? 1 : -1);
  return gain > 0 && gate.rule !== 'greedy' ? REASONS.chance : REASONS.worse;
}
