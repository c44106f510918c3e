/** Finds changes that change nothing that runs, before a trial is spent on them. */
import { extname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadAll } from 'js-yaml';
import { withPlainValues } from './constants.ts';
import { runPython } from './syntax.ts';

/** Compares what two programs compile to, apart from line numbers and documentation. Their texts come as a JSON list on stdin. */
const PYTHON_COMPARISON = `
import ast, json, sys, types

def bare(tree):
    for node in ast.walk(tree):
        body = getattr(node, 'body', None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                node.body = body[1:] or [ast.copy_location(ast.Pass(), first)]
    return tree

FACTS = ('co_code', 'co_names', 'co_varnames', 'co_freevars', 'co_cellvars', 'co_argcount', 'co_posonlyargcount',
         'co_kwonlyargcount', 'co_flags', 'co_name', 'co_exceptiontable')

def parts(code):
    facts = [getattr(code, fact, None) for fact in FACTS]
    consts = [parts(c) if isinstance(c, types.CodeType) else (type(c).__name__, repr(c)) for c in code.co_consts]
    return facts, consts

before, after = (parts(compile(bare(ast.parse(text)), 'x', 'exec', dont_inherit=True)) for text in json.load(sys.stdin))
print('same' if before == after else 'different')
`;

/** Whether a file does the same as before: only comments, blanks, documentation, or the way of writing a value differ. False if nobody can tell. */
export async function doesTheSame(path: string, before: string, after: string): Promise<boolean> {
  switch (extname(path)) {
    case '.py':
      return (await runPython(PYTHON_COMPARISON, [], JSON.stringify([before, after]))) === 'same';
    case '.json':
      return haveSameValue(JSON.parse, before, after);
    case '.yml':
    case '.yaml':
      return haveSameValue(loadAll, before, after);
    default:
      return haveSameLines(path, before, after);
  }
}

/** Also in the same order, which a program may depend on. */
function haveSameValue(read: (text: string) => unknown, before: string, after: string): boolean {
  try {
    const [then, now] = [read(before), read(after)];
    return isDeepStrictEqual(then, now) && JSON.stringify(then) === JSON.stringify(now);
  } catch {
    return false;
  }
}

/** Texts of several lines may contain anything, so then every line counts as it is. */
function haveSameLines(path: string, before: string, after: string): boolean {
  const [then, now] = [withPlainValues(path, before), withPlainValues(path, after)];
  if (then === null || now === null) return false;
  const isLiteral = [before, after].some(text => /`|"""|'''|<<|r#"/.test(text));
  const lines = (text: string) => {
    const all = text.split('\n');
    return isLiteral ? all : all.map(line => line.trim()).filter(line => line !== '');
  };
  return isDeepStrictEqual(lines(then), lines(now));
}
