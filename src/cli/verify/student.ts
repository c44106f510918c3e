/** Student's t distribution. */

/**
 * P(T ≤ t) with a whole number of degrees of freedom, at least 1. Source: Abramowitz and Stegun, Handbook of Mathematical Functions,
 * 26.7.3 and 26.7.4.
 */
export function studentBelow(t: number, degrees: number): number {
  if (!Number.isFinite(t)) return t > 0 ? 1 : 0;
  return (1 + shareWithin(t, degrees)) / 2;
}

/** A(t|ν) = P(−t < T < t), with the sign of t. */
function shareWithin(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  if (degrees === 1) return (2 * angle) / Math.PI;
  let term = isOdd ? cosine : 1;
  let sum = term;
  for (let k = isOdd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 * (angle + sine * sum)) / Math.PI : sine * sum;
}
