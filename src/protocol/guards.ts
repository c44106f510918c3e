/** Guards in a contract: numbers beside the metric that a merge may not break. */
import { z } from 'zod';
import { isVisible } from './visible.ts';

const MOST_GUARDS = 5;
/** The same as for the names of numbers in a measurement. */
const MOST_NAME = 40;

/**
 * Numbers that are measured from outside where there is a referee. What a candidate reports under these names is never used there: it must not
 * decide a guard by its own word. All of them are above 0.
 */
const REFEREES_NUMBERS = [
  'peak_memory_mb',
  'peak_vram_mb',
  'weights_mb',
  'training_seconds',
  'startup_seconds',
  'scoring_seconds',
] as const;
/** Numbers that are measured from outside in any repository. */
const OUTSIDE_NUMBERS = ['peak_memory_mb', 'command_seconds'] as const;

/** Whether a number is measured from outside; any other is the candidate's word. */
export function isFromOutside(name: string, isRefereed: boolean): boolean {
  return (isRefereed ? REFEREES_NUMBERS : OUTSIDE_NUMBERS).some(each => each === name);
}

const SIDES = ['at_most', 'at_least'] as const;

/** One number and how far it may go. */
export interface Guard {
  name: string;
  side: (typeof SIDES)[number];
  bound: Bound;
}

interface Bound {
  /** The limit, or with `isRelative` a multiple of what the champion has. */
  value: number;
  isRelative: boolean;
}

/** `1.1x` or `0.92`, as in the contract. */
export function writeBound({ value, isRelative }: Bound): string {
  return isRelative ? `${value}x` : String(value);
}

const FACTOR = /^(\d+(?:\.\d+)?)x$/;
const FORMS = "a number, or a multiple of the champion's such as 1.1x";

/** Text that may have been meant as a bound, and how to write it. */
const SLIPS: [RegExp, (text: string) => string][] = [
  [/^\s*\d+(?:[.,]\d+)?\s*[x×*]\s*$/i, text => `${text.replace(/[x×*\s]/gi, '').replace(',', '.')}x`],
  [/^\s*[x×*]\s*\d+(?:[.,]\d+)?\s*$/i, text => `${text.replace(/[x×*\s]/gi, '').replace(',', '.')}x`],
  [/^\s*\d+(?:\.\d+)?\s*%\s*$/, text => `${Number((Number.parseFloat(text) / 100).toPrecision(12))}x`],
  [/^\s*-?\d+(?:\.\d+)?\s*$/, text => `${text.trim()} without quotes`],
];

function readBound(given: unknown): Bound | { expected: string } {
  if (typeof given === 'number' && Number.isFinite(given)) return { value: given, isRelative: false };
  if (typeof given !== 'string') return { expected: FORMS };
  const factor = FACTOR.exec(given)?.[1];
  if (factor !== undefined) return { value: Number(factor), isRelative: true };
  const meant = SLIPS.find(([form]) => form.test(given))?.[1](given);
  return { expected: meant === undefined ? FORMS : `${FORMS} (did you mean ${meant}?)` };
}

const boundSchema = z.unknown().transform((given, context): Bound => {
  const bound = readBound(given);
  if ('value' in bound) return bound;
  context.issues.push({ code: 'custom', message: `expected ${bound.expected}`, input: given });
  return z.NEVER;
});

/** A multiple that the champion itself would break leaves nothing to merge. */
function boundProblem(name: string, side: Guard['side'], { value, isRelative }: Bound): string | null {
  if (isRelative && side === 'at_most' && value < 1)
    return 'a multiple of at least 1 for at_most, because the champion itself would break it';
  if (isRelative && side === 'at_least' && (value > 1 || value === 0))
    return 'a multiple above 0 and up to 1 for at_least, because the champion itself would break it';
  if (!isRelative && value <= 0 && (isFromOutside(name, true) || isFromOutside(name, false)))
    return `a number above 0, because ${name} always is`;
  return null;
}

const guardSchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(MOST_NAME)
      .refine(isVisible, 'expected a name without control characters'),
    at_most: boundSchema.optional(),
    at_least: boundSchema.optional(),
  })
  .transform((given, { issues }): Guard => {
    const { name } = given;
    const refuse = (path: string[], message: string, input: string) => {
      issues.push({ code: 'custom', path, message: `expected ${message}`, input });
      return z.NEVER;
    };
    const [first, second] = SIDES.flatMap(side => (given[side] ? [{ side, bound: given[side] }] : []));
    if (!first) return refuse([], 'at_most or at_least together with name, such as at_most: 1.1x', 'neither');
    if (second) return refuse([second.side], 'only one of at_most and at_least', 'both');
    const problem = boundProblem(name, first.side, first.bound);
    return problem === null ? { name, ...first } : refuse([first.side], problem, writeBound(first.bound));
  });

/** The numbers beside the metric that a merge may not break, each named once. */
export const guardsSchema = z
  .array(guardSchema)
  .max(MOST_GUARDS)
  .check(({ value: guards, issues }) => {
    for (const [i, { name }] of guards.entries())
      if (guards.findIndex(each => each.name === name) < i)
        issues.push({
          code: 'custom',
          path: [i, 'name'],
          message: 'expected every number to be guarded only once',
          input: `${name} again`,
        });
  });
