/** Repositories and contracts that are named on the command line. */
import path from 'node:path';
import { CONTRACT_PATH, type Contract } from '../protocol/contract.ts';
import { describeProblem, parseContract } from '../protocol/contract-file.ts';
import { UsageError } from '../starter/errors.ts';
import { git, resolveRevision } from '../trial/git.ts';

/** The root of the git repository around `target`. Throws a UsageError if there is no repository, or no commit in it. */
export async function repositoryRoot(target: string): Promise<string> {
  const directory = path.resolve(target);
  try {
    return await resolveTop(directory);
  } catch {
    throw new UsageError(`Expected a git repository with a commit at ${directory}, found none.`);
  }
}

async function resolveTop(directory: string): Promise<string> {
  await resolveRevision(directory, 'HEAD');
  return (await git(directory, ['rev-parse', '--show-toplevel'])).toString().trim();
}

/** The contract in a commit; by default the last, which is the one that counts. Throws a UsageError that says what to do. */
export async function committedContract(root: string, commit = 'HEAD'): Promise<Contract> {
  const text = await git(root, ['show', `${commit}:${CONTRACT_PATH}`]).catch(() => null);
  if (text === null)
    throw new UsageError(
      `Expected ${CONTRACT_PATH} in the last commit of ${root}, found none. Write it with \`autoresearch init\`, then commit it.`,
    );
  const parsed = parseContract(text.toString());
  if (parsed.kind === 'contract') return parsed.contract;
  throw new UsageError(parsed.problems.map(problem => describeProblem(problem)).join('; '));
}

/** The branch that HEAD is on; `main` if it is detached. */
export async function currentBranch(root: string): Promise<string> {
  const branch = await git(root, ['symbolic-ref', '--short', 'HEAD']).catch(() => null);
  return branch?.toString().trim() ?? 'main';
}
