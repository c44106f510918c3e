/** Evaluates `${{ … }}` and `if:` of a workflow file. */
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

/** How the job stands, as `job.status` and the status functions see it. */
export type JobStatus = 'success' | 'failure' | 'cancelled';

/** Context name (`github`, `inputs`, `env`, `steps`, `job`, `runner`, `secrets`) to plain JSON. */
export type Contexts = Readonly<Record<string, unknown>> & { readonly job: { readonly status: JobStatus } };

const STATUS_FUNCTIONS = {
  success: (status: JobStatus) => status === 'success',
  failure: (status: JobStatus) => status === 'failure',
  cancelled: (status: JobStatus) => status === 'cancelled',
  always: () => true,
} as const;
const CALLS_STATUS = new RegExp(`\\b(${Object.keys(STATUS_FUNCTIONS).join('|')})\\s*\\(`, 'i');
/** Quoted text may hold braces. */
const TEMPLATE = /\$\{\{((?:'[^']*'|[^'}]|\}(?!\}))*)\}\}/g;

/** Replaces every `${{ … }}` in `text`. Throws an error that names the expression which is wrong. */
export function interpolate(text: string, contexts: Contexts): string {
  // Beyond the last end every beginning would be looked through in vain.
  const end = text.lastIndexOf('}}') + 2;
  const replaced = text
    .slice(0, end)
    .replaceAll(TEMPLATE, (_, expression: string) => evaluate(expression, contexts).coerceString());
  return replaced + text.slice(end);
}

/** Whether a step with this `if:` runs. Without one, or without a status function in it, only while all went well. */
export function shouldRun(condition: string | undefined, contexts: Contexts): boolean {
  const expression = unwrap(condition ?? '');
  const guarded = CALLS_STATUS.test(withoutStrings(expression));
  if (!guarded && contexts.job.status !== 'success') return false;
  if (expression === '') return true;
  return truthy(evaluate(expression, contexts));
}

function evaluate(expression: string, contexts: Contexts): data.ExpressionData {
  const functions = new Map(
    Object.entries(STATUS_FUNCTIONS).map(([name, holds]) => [
      name,
      { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(holds(contexts.job.status)) },
    ]),
  );
  try {
    const { tokens } = new Lexer(expression).lex();
    const parsed = new Parser(tokens, Object.keys(contexts), [...functions.values()]).parse();
    const context: data.ExpressionData = JSON.parse(JSON.stringify(contexts), data.reviver);
    if (!(context instanceof data.Dictionary)) throw new Error('expected contexts');
    return new Evaluator(parsed, context, functions).evaluate();
  } catch (error) {
    throw new Error(`The expression \`${expression.trim()}\` is wrong: ${(error as Error).message}`);
  }
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
