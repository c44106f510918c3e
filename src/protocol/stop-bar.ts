/** The stop bar in a dispatch: the projected score beyond which a trial is stopped early, and the conditions it applies to. */
import { z } from 'zod';

/** Share of the budget after which a running trial's projection is taken; `npm run bench -- early` compares alternatives. */
export const PREVIEW_AT = 0.5;

export interface StopBar {
  /** A projection worse than this stops the trial; in the metric's unit. */
  value: number;
  /** Digest and machine class of the trials it is based on. It is ignored for trials under other conditions. */
  digest: string;
  machine: string;
}

/** Name of the workflow's input, and of the action's. */
export const STOP_INPUT = 'stop-worse-than';

/** `1.234 0123456789abcdef NVIDIA H200 ×1`; empty if no trial may be stopped. */
export function formatStopBar(bar: StopBar | null): string {
  return bar === null ? '' : `${bar.value} ${bar.digest} ${bar.machine}`;
}

/** Parses the input; null if it is empty. */
export const stopBarSchema = z.string().transform((text, context): StopBar | null => {
  if (text === '') return null;
  const [, number = '', digest = '', machine = ''] = /^(\S+) (\S+) (.+)$/.exec(text) ?? [];
  const value = number === '' ? Number.NaN : Number(number);
  if (Number.isFinite(value)) return { value, digest, machine };
  context.addIssue({
    code: 'custom',
    message: 'expected nothing, or a number, a digest and a machine class',
  });
  return z.NEVER;
});

/** Whether a projection is worse than the bar. */
export function isBeyond(preview: number, bar: number, goal: 'minimize' | 'maximize'): boolean {
  return goal === 'minimize' ? preview > bar : preview < bar;
}
