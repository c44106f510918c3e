/** The digest of what a trial measures. Only measurements with equal digests are compared. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Contract } from '../protocol/contract.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { PREVIEW_AT } from '../protocol/stop-bar.ts';
import type { TreeEntry } from './git.ts';

export interface DigestOptions {
  /** The base's files. */
  files: readonly TreeEntry[];
  contract: Contract;
  command: string;
  budgetSeconds: number;
  timeoutSeconds: number;
  /** The prepared data's folder, if the machine names one. */
  dataDir: string | undefined;
  /** The sandbox that was actually used. Scores with and without a sandbox are not compared. */
  sandbox: Measurement['sandbox'];
}

/**
 * Digest (16 hex digits of SHA-256) of everything that determines what a score means: the contract's editable files and metric, command,
 * budget, clock, timeout, sandbox, the time of the projection, the fixed files in the folders of the editable files and of the command's files, and
 * the data's manifest. Agents, limits, gate and brief do not change what a trial measures and are left out.
 */
export async function measureDigest(options: DigestOptions): Promise<string> {
  const { files, contract, command, budgetSeconds, timeoutSeconds } = options;
  const terms = {
    editable: contract.editable,
    metric: contract.metric,
    command,
    budgetSeconds,
    clock: contract.trial.clock,
    timeoutSeconds,
    sandbox: options.sandbox,
    ...(contract.env.length > 0 ? { env: contract.env } : {}),
    previewAt: PREVIEW_AT,
  };
  const hash = createHash('sha256').update(JSON.stringify(terms)).update('\n');
  for (const file of fixedFiles(files, contract, command)) {
    hash.update(`${file.mode} ${file.oid} ${file.path}\n`);
  }
  hash.update(await readManifest(options.dataDir));
  return hash.digest('hex').slice(0, 16);
}

/** Files that the candidate cannot change but may use. */
function fixedFiles(files: readonly TreeEntry[], contract: Contract, command: string): TreeEntry[] {
  const words = new Set(command.split(/\s+/));
  const named = files.filter(file => words.has(file.path)).map(file => file.path);
  const folders = new Set([...contract.editable, ...named].map(dirname));
  return files.filter(
    file =>
      file.path !== contract.brief &&
      !contract.editable.some(path => file.path === path || file.path.startsWith(`${path}/`)) &&
      [...folders].some(folder => belongsTo(file.path, folder)),
  );
}

/** Whether `path` belongs to `folder`: directly for the repository's root, at any depth for other folders. */
function belongsTo(path: string, folder: string): boolean {
  return folder === '.' ? !path.includes('/') : path.startsWith(`${folder}/`);
}

async function readManifest(dataDir: string | undefined): Promise<string> {
  if (dataDir === undefined) return '';
  return readFile(join(dataDir, 'manifest.json'), 'utf8').catch(() => '');
}
