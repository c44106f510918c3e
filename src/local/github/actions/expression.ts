/** `${{ … }}` in a workflow file. */
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

type Value = data.ExpressionData;

/** Values by the name of their context, such as `inputs` and `github`. */
export type Contexts = Record<string, Record<string, string>>;

const EXPRESSION = /\$\{\{(.*?)\}\}/gs;

/** `text` with every expression in it replaced by its value as text. Throws for an expression that cannot be read. */
export function interpolate(text: string, contexts: Contexts): string {
  // Beyond the last end every beginning would be looked through in vain.
  const end = text.lastIndexOf('}}') + 2;
  const replaced = text
    .slice(0, end)
    .replace(EXPRESSION, (_, expression: string) => evaluate(expression, contexts).coerceString());
  return replaced + text.slice(end);
}

/** The strings that a value such as that of `runs-on` stands for: itself, or the items of the array it evaluates to. */
export function strings(text: string, contexts: Contexts): string[] {
  const whole = /^\$\{\{((?:(?!\}\}).)*)\}\}$/s.exec(text.trim())?.[1];
  if (whole === undefined) return [interpolate(text, contexts)];
  const value = evaluate(whole, contexts);
  return value instanceof data.Array
    ? value.values().map(item => item.coerceString())
    : [value.coerceString()];
}

function evaluate(expression: string, contexts: Contexts): Value {
  const { tokens } = new Lexer(expression.trim()).lex();
  const tree = new Parser(tokens, Object.keys(contexts), []).parse();
  const dictionary = (values: Record<string, Value>) =>
    new data.Dictionary(...Object.entries(values).map(([key, value]) => ({ key, value })));
  const text = (values: Record<string, string>) =>
    dictionary(mapValues(values, value => new data.StringData(value)));
  return new Evaluator(tree, dictionary(mapValues(contexts, text))).evaluate();
}

function mapValues<A, B>(values: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
