/** The files through which a step returns values: GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH, GITHUB_STEP_SUMMARY. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface CommandFiles {
  /** Environment variables with the files' paths. */
  env: Record<string, string>;
  /** What the step wrote. Throws an error with file and line if it cannot be parsed. */
  read(): Promise<{ outputs: Record<string, string>; env: Record<string, string>; path: string[] }>;
}

/** Creates empty files for one step in `dir`. */
export async function createCommandFiles(dir: string): Promise<CommandFiles> {
  await mkdir(dir, { recursive: true });
  const names = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE'];
  const env = Object.fromEntries(names.map(name => [name, join(dir, name.toLowerCase())]));
  for (const file of Object.values(env)) await writeFile(file, '');
  const text = (name: string) => readFile(join(dir, name.toLowerCase()), 'utf8').catch(() => '');
  return {
    env,
    async read() {
      return {
        outputs: parsePairs(await text('GITHUB_OUTPUT'), 'GITHUB_OUTPUT'),
        env: parsePairs(await text('GITHUB_ENV'), 'GITHUB_ENV'),
        path: (await text('GITHUB_PATH')).split('\n').filter(line => line.trim() !== ''),
      };
    },
  };
}

/** Parses `name=value` and `name<<END … END`. */
function parsePairs(text: string, file: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [, name, operator, rest = ''] = /^([^=<]+?)(=|<<)(.*)$/.exec(line) ?? [];
    if (name === undefined)
      throw new Error(`${file}, line ${at + 1}: expected name=value, found ${JSON.stringify(line)}.`);
    if (operator === '=') {
      pairs[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest, at + 1);
    if (end < 0)
      throw new Error(
        `${file}, line ${at + 1}: expected a closing line ${JSON.stringify(rest)}, found none.`,
      );
    pairs[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return pairs;
}
