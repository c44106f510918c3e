/**
 * The gate: measurements so far -> merge, close, or one more trial.
 *
 * This first gate compares the candidate's mean with the champion's by Student's t, with a noise pooled over every
 * group of trials of one tree that the campaign has seen. A candidate is never merged on one trial.
 */
import { mean } from './model.ts';

export interface GateEvidence {
  goal: 'minimize' | 'maximize';
  /** Values of the champion's comparable trials, at least one. */
  champion: readonly number[];
  /** Values of the candidate's trials, at least one. */
  candidate: readonly number[];
  /** Values of every tree's trials seen so far, one list a tree: the noise is learned from their spread. */
  groups: readonly (readonly number[])[];
  /** Accepted probability that a merged candidate is no better. */
  falseMerges: number;
  maxTrials: number;
}

export interface GateVerdict {
  kind: 'merge' | 'close' | 'again';
  /** Improvement of the mean; positive is better whatever the goal. */
  gain: number;
  /** Standard deviation of one trial. */
  noise: number;
  /** Probability that the candidate is not better than the champion. */
  doubt: number;
}

/** Below this share of the champion's value a spread counts as rounding, so that a deterministic metric has some noise. */
const LEAST_NOISE = 1e-9;
/** A candidate whose doubt is above this after one trial is not looked at again. */
const HOPELESS = 0.5;

/** Judges one candidate. Pure; the same evidence gives the same verdict. */
export function judge(evidence: GateEvidence): GateVerdict {
  const { champion, candidate } = evidence;
  if (champion.length === 0 || candidate.length === 0)
    throw new RangeError(
      `Expected trials of both champion and candidate, got ${champion.length} and ${candidate.length}.`,
    );
  const sign = evidence.goal === 'minimize' ? 1 : -1;
  const gain = sign * (mean(champion) - mean(candidate));
  const { deviation, degrees } = pooledNoise(evidence.groups);
  const noise = Math.max(deviation, LEAST_NOISE * Math.abs(mean(champion)), Number.MIN_VALUE);
  const error = noise * Math.sqrt(1 / champion.length + 1 / candidate.length);
  const doubt = studentTail(gain / error, Math.max(1, degrees));
  return { kind: decide(gain, doubt, evidence), gain, noise, doubt };
}

function decide(gain: number, doubt: number, evidence: GateEvidence): GateVerdict['kind'] {
  if (gain <= 0 || doubt >= HOPELESS) return 'close';
  if (evidence.candidate.length >= 2 && doubt <= evidence.falseMerges) return 'merge';
  return evidence.candidate.length < evidence.maxTrials ? 'again' : 'close';
}

/** Pooled standard deviation within groups, and its degrees of freedom; 0 and 0 where no group has two values. */
export function pooledNoise(groups: readonly (readonly number[])[]): { deviation: number; degrees: number } {
  let squares = 0;
  let degrees = 0;
  for (const group of groups) {
    if (group.length < 2) continue;
    const middle = mean(group);
    for (const value of group) squares += (value - middle) ** 2;
    degrees += group.length - 1;
  }
  return { deviation: degrees === 0 ? 0 : Math.sqrt(squares / degrees), degrees };
}

/**
 * P(T > t) for Student's t with a whole number of degrees of freedom.
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4 (finite series for A(t|ν)).
 */
export function studentTail(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let i = odd ? 3 : 2; i <= degrees - 2; i += 2) {
    term *= (cosine * cosine * (i - 1)) / i;
    sum += term;
  }
  const within = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return Math.min(1, Math.max(0, (1 - within) / 2));
}
