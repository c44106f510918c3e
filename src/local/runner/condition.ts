/** Whether a step runs: the `if:` of a workflow file. */
import { data } from '@actions/expressions';
import { type Contexts, evaluate } from '../expression.ts';

/** How the job is going, as `job.status` and the status functions see it. */
export type JobStatus = 'success' | 'failure' | 'cancelled';

/** What expressions of a job may name: `github`, `inputs`, `env`, `steps`, `job`, `runner`, `secrets`. */
export type JobContexts = Contexts & { readonly job: { readonly status: JobStatus } };

const CALLS_STATUS = /\b(success|failure|cancelled|always)\s*\(/i;

/** Without a condition, or without a status function in it, a step runs only while all went well. */
export function shouldRun(condition: string | undefined, contexts: JobContexts): boolean {
  const { status } = contexts.job;
  const expression = unwrap(condition ?? '');
  const guarded = CALLS_STATUS.test(withoutStrings(expression));
  if (!guarded && status !== 'success') return false;
  if (expression === '') return true;
  const value = evaluate(expression, contexts, {
    success: () => status === 'success',
    failure: () => status === 'failure',
    cancelled: () => status === 'cancelled',
    always: () => true,
  });
  return truthy(value);
}

function unwrap(condition: string): string {
  const whole = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(condition)?.[1];
  return (whole !== undefined && !whole.includes('${{') ? whole : condition).trim();
}

function withoutStrings(expression: string): string {
  return expression.replaceAll(/'[^']*'/g, '');
}

/** The language's own rule: false, 0, NaN, '' and null do not hold. */
function truthy(value: data.ExpressionData): boolean {
  switch (value.kind) {
    case data.Kind.Null:
      return false;
    case data.Kind.Boolean:
    case data.Kind.Number:
      return Boolean(value.number());
    case data.Kind.String:
      return value.coerceString() !== '';
    default:
      return true;
  }
}
