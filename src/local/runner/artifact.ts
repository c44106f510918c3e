/** Built-in `actions/upload-artifact`: uploads files of the workspace to the server. */
import { glob, lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { StepRun } from './context.ts';
import { expectKnownInputs, insideWorkspace } from './inputs.ts';

const KNOWN = ['name', 'path', 'if-no-files-found', 'retention-days', 'compression-level'];

/**
 * Uploads a file, a folder, or the matches of a pattern. Names in the artifact are relative to the folder, or to the fixed part of the
 * pattern. Links and hidden files are skipped. Throws if nothing is found and `if-no-files-found` is `error`.
 */
export async function uploadArtifact(run: StepRun): Promise<void> {
  const { queue, job, log } = run.context;
  expectKnownInputs(run.with, KNOWN, 'actions/upload-artifact');
  const { name = 'artifact', path = '', 'if-no-files-found': ifNone = 'warn' } = run.with;
  if (path.trim() === '') throw new Error('actions/upload-artifact: expected `path`, found none.');
  if (path.trim().includes('\n'))
    throw new Error('actions/upload-artifact: the local runner supports a single `path`, found several.');
  const files = await collect(insideWorkspace(run, path.trim()));
  if (files.size > 0) {
    queue.upload(job.runId, name, files);
    log.write(`Artifact ${name}: ${[...files.keys()].join(', ')}`);
    return;
  }
  const message = `No files found at ${path.trim()}.`;
  if (ifNone === 'error') throw new Error(message);
  if (ifNone === 'warn') log.write(`##[warning]${message}`);
}

async function collect(target: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const add = async (path: string, name: string) => {
    const stat = await lstat(path).catch(() => null);
    const hidden = name.split('/').some(part => part.startsWith('.'));
    if (stat?.isFile() && !hidden) files.set(name, await readFile(path));
  };
  if (/[*?]/.test(target)) {
    const root = fixedPart(target);
    for await (const path of glob(relative(root, target), { cwd: root })) await add(join(root, path), path);
  } else if ((await lstat(target).catch(() => null))?.isDirectory()) {
    for (const path of await readdir(target, { recursive: true })) await add(join(target, path), path);
  } else {
    await add(target, basename(target));
  }
  return files;
}

/** The folder above the first component with a wildcard. */
function fixedPart(pattern: string): string {
  let folder = pattern;
  while (/[*?]/.test(folder)) folder = dirname(folder);
  return folder;
}
