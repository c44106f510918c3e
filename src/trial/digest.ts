/** Says whether two measurements measured the same thing: only equal digests are ever compared. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Contract } from '../protocol/contract.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { PREVIEW_AT } from '../protocol/stop-bar.ts';
import { listTree, type TreeEntry } from './git.ts';

export interface DigestOptions {
  base: string;
  baseSha: string;
  contract: Contract;
  command: string;
  budgetSeconds: number;
  timeoutSeconds: number;
  /** The prepared data's folder, if the machine names one. */
  dataDir: string | undefined;
  /** What the candidate really ran in: a number that rests on its honesty is not compared with one that does not. */
  sandbox: Measurement['sandbox'];
}

/**
 * Digest (16 hex digits of SHA-256) of everything that gives a number its meaning: the contract's scope and metric, command,
 * budget, timeout and sandbox, when previews are taken, the base's fixed files beside the editable ones and beside the command's, and the data's manifest.
 * Agents, limits, gate and brief are left out: changing them does not change what a trial measures.
 */
export async function measureDigest(options: DigestOptions): Promise<string> {
  const { contract, command, budgetSeconds, timeoutSeconds } = options;
  const files = await listTree(options.base, options.baseSha);
  const terms = {
    editable: contract.editable,
    metric: contract.metric,
    command,
    budgetSeconds,
    timeoutSeconds,
    sandbox: options.sandbox,
    previewAt: PREVIEW_AT,
  };
  const hash = createHash('sha256').update(JSON.stringify(terms)).update('\n');
  for (const file of fixedFiles(files, contract, command)) {
    hash.update(`${file.mode} ${file.oid} ${file.path}\n`);
  }
  hash.update(await readManifest(options.dataDir));
  return hash.digest('hex').slice(0, 16);
}

/** Files that the candidate cannot change and that its code runs with. */
function fixedFiles(files: readonly TreeEntry[], contract: Contract, command: string): TreeEntry[] {
  const words = new Set(command.split(/\s+/));
  const named = files.filter(file => words.has(file.path)).map(file => file.path);
  const folders = new Set([...contract.editable, ...named].map(dirname));
  return files.filter(
    file =>
      file.path !== contract.brief &&
      !contract.editable.some(path => file.path === path || file.path.startsWith(`${path}/`)) &&
      [...folders].some(folder => lies(file.path, folder)),
  );
}

/** The repository's root stands for the files directly in it, any other folder for all that is below it. */
function lies(path: string, folder: string): boolean {
  return folder === '.' ? !path.includes('/') : path.startsWith(`${folder}/`);
}

async function readManifest(dataDir: string | undefined): Promise<string> {
  if (dataDir === undefined) return '';
  return readFile(join(dataDir, 'manifest.json'), 'utf8').catch(() => '');
}
