/** How long code is, in tokens without comments and documentation, and whether a shorter version may be taken for a simpler one. */
import { pythonTokens, type Token } from './python.ts';

/** Every so many characters of a token count as one: a table hidden in a number, a name or a string is no shorter code. */
const LONG = 24;
const WORD = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;

/** Names by which code is made from data, found by a name that is made from data, or read from elsewhere. */
const INDIRECT = new Set(
  `attrgetter breakpoint call check_output compile delattr eval exec exec_module execfile fromfile fromstring getattr
  getattr_static getline getlines getsource globals import_module importlib input load loads locals memmap methodcaller open popen read_bytes read_text
  run_code run_module run_path runctx setattr spawn system urlopen vars CodeType FunctionType Popen f_back f_builtins f_globals
  f_locals _getframe`.split(/\s+/),
);
const FILE_END: Token[] = [{ kind: 'newline', text: '', inField: false }];
/** What Python itself looks up, such as `__builtins__`, `__dict__` and `__doc__`. */
const OWN = /^__\w+__$/;

/**
 * By how many tokens the changed files are longer than before; negative where they are shorter. Null where nobody can say: a file is not
 * Python, or cannot be read as Python, or the code is shorter but imports, executes or reads what it did not before.
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
  const added = sizeOf(now.flat()) - sizeOf(then.flat());
  return added < 0 && isLessDirect(then.flat(), now.flat()) ? null : added;
}

function sizeOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token, i) => (isDocumentation(tokens, i) ? sum : sum + lengthOf(token)), 0);
}

/** Strings count by their words, whatever they are for. */
function lengthOf({ kind, text }: Token): number {
  if (kind === 'newline') return 0;
  const words = kind === 'string' ? (text.match(WORD) ?? []) : [text];
  return words.reduce((sum, word) => sum + Math.ceil(word.length / LONG), 0);
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
      if (kind === 'name' && (INDIRECT.has(text) || OWN.test(text)))
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
