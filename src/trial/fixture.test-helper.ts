/** Small git repositories for tests. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentOutsideGit } from './git.ts';
import type { LoadWatch } from './load.ts';
import { findMarked } from './process.ts';

export interface Checkout {
  dir: string;
  /** The commit it is at. */
  sha: string;
}

/** An empty directory that is removed when the test ends. */
export function temporaryDirectory(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'autoresearch-test-'));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs git in `dir` with a test author and returns its trimmed output. */
export function gitIn(dir: string, ...args: string[]): string {
  const identity = [
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.invalid',
    '-c',
    'protocol.file.allow=always',
  ];
  const env = environmentOutsideGit();
  return execFileSync('git', ['-C', dir, ...identity, ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
    env,
  }).trim();
}

/** Creates a repository in `dir` whose first commit contains `files`. */
export function makeRepository(dir: string, files: Record<string, string>): Checkout {
  mkdirSync(dir, { recursive: true });
  gitIn(dir, 'init', '--quiet', '--initial-branch=main');
  return { dir, sha: commitFiles(dir, files) };
}

/** Commits `files` (path to text; null deletes) and all other changes in `dir`. Returns the commit. */
export function commitFiles(dir: string, files: Record<string, string | null>): string {
  for (const [path, text] of Object.entries(files)) {
    const target = join(dir, path);
    mkdirSync(dirname(target), { recursive: true });
    if (text === null) rmSync(target);
    else writeFileSync(target, text);
  }
  gitIn(dir, 'add', '--all');
  gitIn(dir, 'commit', '--quiet', '--allow-empty', '--message', 'change');
  return gitIn(dir, 'rev-parse', 'HEAD');
}

/** A candidate: a clone of `origin` in `dir` with one more commit. */
export function makeCandidate(origin: string, dir: string, files: Record<string, string | null>): Checkout {
  gitIn(dirname(dir), 'clone', '--quiet', origin, dir);
  return { dir, sha: commitFiles(dir, files) };
}

/** Resolves once no process has `marker` in its environment. Killed processes take a moment to end. */
export async function untilNoneRuns(marker: string): Promise<void> {
  for (let look = 0; look < 500; look++) {
    if ((await findMarked(marker)).length === 0) return;
    await sleep(10);
  }
  throw new Error(`Expected no process of ${marker} to be left, found ${await findMarked(marker)}.`);
}

/** A machine of two cores, of which other programs take so many while the candidate takes a tenth. */
export function othersTake(othersCores: number): () => LoadWatch {
  return () => ({
    conditions: () => ({ clock: 'wall', seconds: 10, cpuSeconds: 1, othersCores, cores: 2 }),
  });
}
