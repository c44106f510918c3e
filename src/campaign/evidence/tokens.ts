/** How long code is, in tokens without comments and documentation, and whether a shorter version may be taken for a simpler one. */
import { pythonTokens, type Token } from './python.ts';

/** Every so many characters of a token count as one: a table hidden in a number, a name or a string is no shorter code. */
const LONG = 24;
const WORD = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;

/**
 * Parts of names by which code is made from data, found by a name that is made from data, read from elsewhere, or run by another program.
 * When in doubt, a name is one of them: what counts is only whether there are more of them than before.
 */
const INDIRECT = new RegExp(
  [
    'exec|eval|compile|import|spawn|popen|(?<!th)read|open|load|source|attr|getline|memmap|from_?(?:file|string|regex|txt)',
    'copy_?file|send_?file|(?:check|get|status)_?output|_?comments|docstring|get_?doc|traceback|(?:extract|format|walk)_(?:stack|tb)',
    '^(?:breakpoint|call|CodeType|FunctionType|globals|input|locals|methodcaller|run|system|vars)$|^run_|_call$',
    'f_(?:back|builtins|code|globals|locals)|frame',
  ].join('|'),
  'i',
);
const FILE_END: Token[] = [{ kind: 'newline', text: '', inField: false }];
/** What Python itself looks up, such as `__builtins__`, `__dict__` and `__doc__`. */
const OWN = /^__\w+__$/;

/**
 * By how many tokens the changed files are longer than before; negative where they are shorter. Null where nobody can say: a file is not
 * Python, or cannot be read as Python, or the code is shorter but the whole text with its comments is not, or it imports, executes or reads
 * what it did not before.
 * @param before texts of files by path, those that changed among them
 * @param changed new texts of those that changed
 */
export function addedTokens(
  before: ReadonlyMap<string, string>,
  changed: ReadonlyMap<string, string>,
): number | null {
  const then: Token[][] = [];
  const now: Token[][] = [];
  for (const [path, text] of changed) {
    const [old, fresh] = [pythonTokens(before.get(path) ?? ''), pythonTokens(text)];
    if (!path.endsWith('.py') || old === null || fresh === null) return null;
    then.push(old, FILE_END);
    now.push(fresh, FILE_END);
  }
  const [codeThen, codeNow] = [withoutComments(then.flat()), withoutComments(now.flat())];
  const added = sizeOf(codeNow) - sizeOf(codeThen);
  if (added >= 0) return added;
  const addedText = sizeOfText(now.flat()) - sizeOfText(then.flat());
  return added + addedText >= 0 || isLessDirect(codeThen, codeNow) ? null : added;
}

function withoutComments(tokens: readonly Token[]): Token[] {
  return tokens.filter(({ kind }) => kind !== 'comment');
}

function sizeOf(code: readonly Token[]): number {
  return code.reduce((sum, token, i) => (isDocumentation(code, i) ? sum : sum + lengthOf(token)), 0);
}

/** Length of comments and documentation, where code can be put aside. */
function sizeOfText(tokens: readonly Token[]): number {
  const code = withoutComments(tokens);
  const documentation = code.filter((_, i) => isDocumentation(code, i));
  const comments = tokens.filter(({ kind }) => kind === 'comment');
  return [...documentation, ...comments].reduce(
    (sum, { text }) => sum + wordsIn(text.replaceAll(/["'#]/g, '')),
    0,
  );
}

/** Strings count by their words, whatever they are for. */
function lengthOf({ kind, text }: Token): number {
  if (kind === 'newline') return 0;
  return kind === 'string' ? wordsIn(text) : Math.ceil(text.length / LONG);
}

function wordsIn(text: string): number {
  return (text.match(WORD) ?? []).reduce((sum, word) => sum + Math.ceil(word.length / LONG), 0);
}

/** A string that is a statement; one with fields is evaluated. */
function isDocumentation(tokens: readonly Token[], i: number): boolean {
  const [before, token, after] = [tokens[i - 1], tokens[i], tokens[i + 1]];
  if (token?.kind !== 'string' || token.hasFields || token.inField) return false;
  return endsStatement(before) && endsStatement(after);
}

function endsStatement(token: Token | undefined): boolean {
  return token === undefined || token.kind === 'newline' || (token.text === ';' && !token.inField);
}

/** Whether the code does more by names that are made from data, or imports more. */
function isLessDirect(then: readonly Token[], now: readonly Token[]): boolean {
  const counts = new Map<string, number>();
  const count = (tokens: readonly Token[], sign: number) => {
    for (const { kind, text } of tokens)
      if (kind === 'name' && (INDIRECT.test(text) || OWN.test(text)))
        counts.set(text, (counts.get(text) ?? 0) + sign);
  };
  count(now, 1);
  count(then, -1);
  const known = new Set(importsIn(then));
  return [...counts.values()].some(more => more > 0) || importsIn(now).some(imported => !known.has(imported));
}

/** Modules, and names in modules, that the code imports: `torch.nn`, `math:log`, `.model:*`. */
function importsIn(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, i) => {
    if (token.kind !== 'name' || token.text !== 'import') return [];
    let start = i;
    while (isPartOfPath(tokens[start - 1])) start--;
    const isFrom = tokens[start]?.text === 'from';
    const module = isFrom ? `${textOf(tokens.slice(start + 1, i))}:` : '';
    let end = i + 1;
    while (!endsStatement(tokens[end])) end++;
    return importedNames(tokens.slice(i + 1, end)).map(name => module + name);
  });
}

function isPartOfPath(token: Token | undefined): boolean {
  return (
    token !== undefined &&
    !token.inField &&
    (token.kind === 'name' || token.text === '.' || token.text === '...')
  );
}

/** `a.b as c, d` names a.b and d. */
function importedNames(tokens: readonly Token[]): string[] {
  const names: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === ',') names.push([]);
    else if (token.text !== '(' && token.text !== ')') names.at(-1)?.push(token);
  }
  const withoutAlias = (name: Token[]) => {
    const alias = name.findIndex(({ text }) => text === 'as');
    return alias === -1 ? name : name.slice(0, alias);
  };
  return names.map(name => textOf(withoutAlias(name))).filter(name => name !== '');
}

function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join('');
}
