/** The bar that a dispatch carries: the preview from which on a trial is stopped, and the conditions that it was learned under. */
import { z } from 'zod';

/** Share of the budget after which a running trial's preview is taken; `npm run bench -- early` compares others. */
export const PREVIEW_AT = 0.5;

export interface StopBar {
  /** A preview worse than this ends the trial; in the metric's unit. */
  value: number;
  /** Of the trials that it rests on: what runs on another machine, or measures another thing, is not held against it. */
  digest: string;
  machine: string;
}

/** Name of the workflow's input, and of the action's. */
export const STOP_INPUT = 'stop-worse-than';

/** `1.234 0123456789abcdef NVIDIA H200 ×1`; empty where nothing is stopped. */
export function formatStopBar(bar: StopBar | null): string {
  return bar === null ? '' : `${bar.value} ${bar.digest} ${bar.machine}`;
}

/** The input's text as a bar; null for an empty one. */
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

/** Whether a preview is worse than the bar. */
export function isBeyond(preview: number, bar: number, goal: 'minimize' | 'maximize'): boolean {
  return goal === 'minimize' ? preview > bar : preview < bar;
}
