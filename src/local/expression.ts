/** Evaluates `${{ … }}` in workflow files. */
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

/** Contexts by name, such as `github` or `inputs`, as plain JSON. */
export type Contexts = Readonly<Record<string, unknown>>;

/** Functions without arguments that an expression may call, by name. */
export type Conditions = Readonly<Record<string, () => boolean>>;

/** Quoted text may contain braces. */
const TEMPLATE = /\$\{\{((?:'[^']*'|[^'}]|\}(?!\}))*)\}\}/g;

/** Replaces every `${{ … }}` in `text`. Throws an error that names an invalid expression. */
export function interpolate(text: string, contexts: Contexts): string {
  // Beyond the last end, every beginning would be searched in vain.
  const end = text.lastIndexOf('}}') + 2;
  const replaced = text
    .slice(0, end)
    .replaceAll(TEMPLATE, (_, expression: string) => evaluate(expression, contexts).coerceString());
  return replaced + text.slice(end);
}

/** The value of an expression. Throws an error that names it if it is invalid. */
export function evaluate(
  expression: string,
  contexts: Contexts,
  conditions: Conditions = {},
): data.ExpressionData {
  const functions = Object.entries(conditions).map(([name, holds]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(holds()),
  }));
  try {
    const { tokens } = new Lexer(expression).lex();
    const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
    const context: data.ExpressionData = JSON.parse(JSON.stringify(contexts), data.reviver);
    if (!(context instanceof data.Dictionary)) throw new Error('expected contexts');
    return new Evaluator(parsed, context, new Map(functions.map(one => [one.name, one]))).evaluate();
  } catch (error) {
    throw new Error(`Invalid expression \`${expression.trim()}\`: ${(error as Error).message}`);
  }
}
