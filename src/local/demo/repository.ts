/** Creates the git repository that the demo runs its experiments in. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { CONTRACT_PATH } from '../../protocol/contract.ts';

const CONTENT = [
  'trainer',
  'action.yml',
  'dist',
  CONTRACT_PATH,
  '.github/workflows/experiment.yml',
  'LICENSE',
];
/** What the demo starts from instead of the trainer's tuned script, as most people's own code is not tuned. */
const PLAIN = 'examples/plain';
const REPLACED = ['train.py', 'program.md'];
/** Files that tools leave between the sources. */
const LITTER = new Set(['__pycache__', '.pytest_cache', '.ruff_cache', '.venv']);
const LONGEST_NAME = 100;
const AUTHOR = ['-c', 'user.name=you', '-c', 'user.email=you@localhost', '-c', 'commit.gpgsign=false'];

/** The name that GitHub gives a repository which somebody wants to call `name`: its letters, digits, dots, dashes and underscores. */
export function slug(name: string): string {
  const slug = name
    .normalize('NFC')
    .replaceAll(/[^\w.-]+/g, '-')
    .slice(0, LONGEST_NAME);
  return /^[.-]*$/.test(slug) ? 'repository' : slug;
}

/**
 * Creates a repository with one commit in `directory`: this checkout's trainer with a plain script, action and workflow, and its contract after
 * `change`.
 */
export async function makeRepository(
  checkout: string,
  directory: string,
  change: (contract: string) => string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const entry of CONTENT) {
    await cp(path.join(checkout, entry), path.join(directory, entry), {
      recursive: true,
      filter: source => !LITTER.has(path.basename(source)),
    });
  }
  for (const name of REPLACED)
    await cp(path.join(checkout, PLAIN, name), path.join(directory, 'trainer', name));
  const contract = path.join(directory, CONTRACT_PATH);
  await writeFile(contract, change(await readFile(contract, 'utf8')));
  const git = (...args: string[]) => execa('git', [...AUTHOR, ...args], { cwd: directory });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all', '--force', '.');
  await git('commit', '--quiet', '--no-verify', '--message', 'A plain training script');
}
