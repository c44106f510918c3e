/** The files of a candidate: the champion's, with an idea's edits applied. */
import { recorded } from '../../agents/recorded.ts';
import { addedTokens } from '../../campaign/evidence/tokens.ts';
import type { Idea } from '../../campaign/idea.ts';
import type { Snapshot } from '../../campaign/model.ts';
import type { Contract } from '../../protocol/contract.ts';
import { askTwice } from '../errors.ts';
import type { GitHubPort } from '../port.ts';

/** What an idea changes. */
export interface Change {
  /** As it is recorded: its title and edits say what changes on this champion. */
  idea: Idea;
  /** New texts of the changed files, by path. */
  files: ReadonlyMap<string, string>;
  /** See ExperimentMarker. */
  addedTokens: number | null;
}

/**
 * What the idea changes on the current champion; null if the lines that it replaces are not there any more. A part of a line is not enough:
 * the champion may have changed since.
 */
export async function applyIdea(
  port: GitHubPort,
  { editable }: Contract,
  { base }: Snapshot,
  idea: Idea,
): Promise<Change | null> {
  const champion = await readFiles(port, editable, base.sha);
  const applied = recorded(champion, idea, editable, 'lines');
  if (applied.kind === 'refused') return null;
  return { idea: applied.idea, files: applied.files, addedTokens: addedTokens(champion, applied.files) };
}

/** Texts of the files that exist at a ref. */
export async function readFiles(
  port: GitHubPort,
  paths: readonly string[],
  ref: string,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of paths) {
    // If a file is reported missing by mistake, the edits do not apply and the experiment is closed.
    const file = await askTwice(() => port.look(path, ref));
    // Decoding anything else would change bytes that no edit touches.
    if (file?.kind === 'text') files.set(path, file.text);
  }
  return files;
}
