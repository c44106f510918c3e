/** A line that the trainer prints while it trains: shown to people, trusted for nothing. */
export interface Progress {
  step: number;
  loss: number;
  /** Seconds of the budget that remain. */
  secondsLeft: number;
}

const LINE =
  /^step\s+(\d+)\s+loss\s+(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?|nan|-?inf)\s+(-?\d+(?:\.\d+)?) s left\s*$/i;

/** Reads `step 120  loss 3.2100  12.3 s left`; null for any other line. A loss that is no number reads as NaN. */
export function parseProgress(line: string): Progress | null {
  const match = LINE.exec(line);
  if (!match) return null;
  return { step: Number(match[1]), loss: Number(match[2]), secondsLeft: Math.max(0, Number(match[3])) };
}
