/** Repositories and contracts that are named on the command line. */
import path from 'node:path';
import { CONTRACT_PATH, type Contract } from '../protocol/contract.ts';
import { describeProblem, parseContract } from '../protocol/contract-file.ts';
import { fileObstacles, workflowPath } from '../protocol/readiness.ts';
import { UsageError } from '../starter/errors.ts';
import { git, resolveRevision } from '../trial/git.ts';
import { stateOfCommit } from './repository-state.ts';

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

/**
 * The contract in a commit; by default the last, which is the one that counts. Throws a UsageError with everything that the App would
 * refuse. A missing workflow is a reason only if it is `needed`.
 */
export async function committedContract(
  root: string,
  commit = 'HEAD',
  { workflow = 'needed' }: { workflow?: 'needed' | 'optional' } = {},
): Promise<Contract> {
  const { contract, reasons, lacksWorkflow } = await examineCommit(root, commit);
  const all = workflow === 'needed' ? [...lacksWorkflow, ...reasons] : reasons;
  if (contract === null || all.length > 0) throw new UsageError(listed(all));
  return contract;
}

interface Examined {
  /** Null if there is none, or an invalid one. */
  contract: Contract | null;
  hasContract: boolean;
  /** What the App would refuse. */
  reasons: string[];
  lacksWorkflow: string[];
}

/** Whether a commit is ready for a campaign. */
export async function examineCommit(root: string, commit = 'HEAD'): Promise<Examined> {
  const text = await git(root, ['show', `${commit}:${CONTRACT_PATH}`]).catch(() => null);
  const without = (reasons: string[]): Examined => ({
    contract: null,
    hasContract: text !== null,
    reasons,
    lacksWorkflow: [],
  });
  if (text === null)
    return without([
      `Expected ${CONTRACT_PATH} in the last commit of ${root}, found none. Write it with \`autoresearch init\`, then commit it.`,
    ]);
  const parsed = parseContract(text.toString());
  if (parsed.kind === 'problems') return without(parsed.problems.map(describeProblem));
  const { contract } = parsed;
  const branch = await currentBranch(root);
  const state = stateOfCommit(root, commit, branch);
  const workflow = workflowPath(contract);
  const lacksWorkflow =
    (await state.file(workflow)) === null
      ? [`There is no \`${workflow}\` on \`${branch}\`. Run \`autoresearch init\`, then commit it.`]
      : [];
  return { contract, hasContract: true, reasons: await fileObstacles(state, contract), lacksWorkflow };
}

/** One reason is a sentence, more are a list. */
export function listed(reasons: readonly string[]): string {
  return reasons.length === 1
    ? (reasons[0] ?? '')
    : `the repository is not ready:\n${reasons.map(each => `  - ${each}`).join('\n')}`;
}

/** The branch that HEAD is on; `main` if it is detached. */
export async function currentBranch(root: string): Promise<string> {
  const branch = await git(root, ['symbolic-ref', '--short', 'HEAD']).catch(() => null);
  return branch?.toString().trim() ?? 'main';
}
