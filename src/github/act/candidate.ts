/** The files of a candidate: the champion’s, and what an idea makes of them. */
import { applyEdits } from '../../agents/edit.ts';
import { addedTokens } from '../../campaign/evidence/tokens.ts';
import type { Idea } from '../../campaign/idea.ts';
import type { Snapshot } from '../../campaign/model.ts';
import type { Contract } from '../../protocol/contract.ts';
import { askTwice } from '../errors.ts';
import type { GitHubPort } from '../port.ts';

export interface Change {
  /** New texts of the files that change, by path. */
  files: ReadonlyMap<string, string>;
  /** See ExperimentMarker. */
  addedTokens: number | null;
}

/** What the idea makes of the present champion; null where its edits do not fit. */
export async function fitting(
  port: GitHubPort,
  { editable }: Contract,
  { base }: Snapshot,
  idea: Idea,
): Promise<Change | null> {
  const champion = await readFiles(port, editable, base.sha);
  const applied = applyEdits(champion, idea.edits, editable);
  if (applied.kind === 'refused') return null;
  return { files: applied.files, addedTokens: addedTokens(champion, applied.files) };
}

/** Texts of the files at a ref, those that are there. */
export async function readFiles(
  port: GitHubPort,
  paths: readonly string[],
  ref: string,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of paths) {
    // An experiment whose edits miss a file would be closed.
    const text = await askTwice(() => port.file(path, ref));
    if (text !== null) files.set(path, text);
  }
  return files;
}
