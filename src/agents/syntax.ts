/** Finds syntax errors before a trial is spent on them. */
import module from 'node:module';
import { extname } from 'node:path';
import { execa } from 'execa';
import { loadAll } from 'js-yaml';

/** Compiles the program on stdin without running it, and prints its syntax error. */
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

/** The syntax error in `text`, by the file type of `path`; null if there is none, or if the type cannot be checked. */
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

/** Null as well if there is no working `python3` here; the trial will show the error then. */
async function pythonError(path: string, text: string): Promise<string | null> {
  return (await runPython(PYTHON_CHECK, [path], text)) || null;
}

/** What a Python program prints; null if it fails, or if there is no working `python3` here. */
export async function runPython(program: string, args: string[], input: string): Promise<string | null> {
  const { PATH, HOME } = process.env;
  const result = await execa('python3', ['-I', '-W', 'ignore', '-c', program, ...args], {
    input,
    timeout: PYTHON_TIMEOUT_MS,
    reject: false,
    extendEnv: false,
    env: { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }) },
  });
  return result.failed ? null : result.stdout;
}

/** TypeScript's syntax includes JavaScript's. What Node can parse but not strip, such as an enum, is not an error. */
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
