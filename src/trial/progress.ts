/** A progress line of the trainer. It is shown to people, but never trusted. */
export interface Progress {
  step: number;
  loss: number;
  /** Seconds of the budget that remain. */
  secondsLeft: number;
  /** Whether they are CPU seconds. */
  inCpuSeconds: boolean;
}

const LINE =
  /^step\s+(\d+)\s+loss\s+(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?|nan|-?inf)\s+(-?\d+(?:\.\d+)?) (CPU )?s left\s*$/i;

/** Parses `step 120  loss 3.2100  12.3 s left`; null for any other line. The loss may be NaN. */
export function parseProgress(line: string): Progress | null {
  const match = LINE.exec(line);
  if (!match) return null;
  return {
    step: Number(match[1]),
    loss: Number(match[2]),
    secondsLeft: Math.max(0, Number(match[3])),
    inCpuSeconds: match[4] !== undefined,
  };
}
