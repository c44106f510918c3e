/** Reads the contract from the base commit, never from the candidate. */
import { CONTRACT_PATH, type Contract } from '../protocol/contract.ts';
import { describeProblem, parseContract } from '../protocol/contract-file.ts';
import { git } from './git.ts';

/** The contract at `commit`. Throws an error with file, line and key if it is missing or invalid. */
export async function readContract(checkout: string, commit: string): Promise<Contract> {
  const text = (await git(checkout, ['cat-file', 'blob', `${commit}:${CONTRACT_PATH}`])).toString();
  const file = parseContract(text);
  if (file.kind === 'contract') return file.contract;
  throw new Error(file.problems.map(describeProblem).join('; '));
}
