/** Whether a step runs: the `if:` of a workflow file. */
import { data } from '@actions/expressions';
import { type Contexts, evaluate } from '../expression.ts';

/** The status of a job in `job.status` and the status functions. */
export type JobStatus = 'success' | 'failure' | 'cancelled';

/** Contexts of a job's expressions: `github`, `inputs`, `env`, `steps`, `job`, `runner`, `secrets`. */
export type JobContexts = Contexts & { readonly job: { readonly status: JobStatus } };

const CALLS_STATUS = /\b(success|failure|cancelled|always)\s*\(/i;

/** Whether a step runs. Without a condition, or without a status function in it, only if all steps so far succeeded. */
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

/** The language's rule: false, 0, NaN, '' and null are false. */
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
