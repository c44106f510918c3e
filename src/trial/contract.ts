/** Reads the contract from the base commit: never from the candidate. */
import { loadAll } from 'js-yaml';
import { CONTRACT_PATH, type Contract, contractSchema } from '../campaign/contract.ts';
import { git } from './git.ts';

/** The contract at `commit`. Throws an error that names file and key when it is missing or wrong. */
export async function readContract(checkout: string, commit: string): Promise<Contract> {
  const text = (await git(checkout, ['cat-file', 'blob', `${commit}:${CONTRACT_PATH}`])).toString();
  // A file of comments alone holds no document: all keys have their defaults.
  const [document] = loadAll(text, { filename: CONTRACT_PATH });
  const parsed = contractSchema.safeParse(document ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${CONTRACT_PATH}: ${issue?.path.join('.') || 'contract'}: ${issue?.message}`);
}
