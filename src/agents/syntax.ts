/** Finds a syntax error before a GPU does. */
import module from 'node:module';
import { extname } from 'node:path';
import { execa } from 'execa';
import { loadAll } from 'js-yaml';

/** Compiles what stands on stdin without running it, and prints what is wrong with it. */
const PYTHON_CHECK = `
import sys
try:
    compile(sys.stdin.buffer.read(), sys.argv[1], 'exec', dont_inherit=True)
except SyntaxError as error:
    print(f'line {error.lineno}: {error.msg}: {(error.text or "").strip()[:200]}')
except (ValueError, RecursionError, MemoryError) as error:
    print(f'{type(error).__name__}: {error}')
`;
const PYTHON_TIMEOUT_MS = 10_000;

/** What is wrong with the syntax of `text` by the kind of file that `path` names; null when nothing is, or nobody can tell. */
export async function syntaxError(path: string, text: string): Promise<string | null> {
  switch (extname(path)) {
    case '.py':
      return pythonError(path, text);
    case '.json':
      return thrownBy(() => JSON.parse(text));
    case '.yml':
    case '.yaml':
      return thrownBy(() => loadAll(text));
    case '.js':
    case '.mjs':
    case '.ts':
    case '.mts':
      return scriptError(text);
    default:
      return null;
  }
}

/** Without a `python3` that answers, nobody can tell: the trial will. */
async function pythonError(path: string, text: string): Promise<string | null> {
  const { PATH, HOME } = process.env;
  const result = await execa('python3', ['-I', '-W', 'ignore', '-c', PYTHON_CHECK, path], {
    input: text,
    timeout: PYTHON_TIMEOUT_MS,
    reject: false,
    extendEnv: false,
    env: { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }) },
  });
  if (result.failed) return null;
  return result.stdout === '' ? null : result.stdout;
}

/** TypeScript's syntax includes JavaScript's; what Node can parse but not run by itself (an enum) is no syntax error. */
function scriptError(text: string): string | null {
  try {
    module.stripTypeScriptTypes(text);
    return null;
  } catch (error) {
    const unsupported =
      error instanceof Error && 'code' in error && error.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
    return unsupported ? null : message(error);
  }
}

function thrownBy(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    return message(error);
  }
}

function message(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
