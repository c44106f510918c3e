/** How long code is, in tokens without comments. */
import type { Edit } from './idea.ts';

/** Ends of lines that most languages agree are comments, where nothing before them could be the start of a string. */
const COMMENT = /(^|\s)(#|\/\/)[^'"`\n]*$/gm;
const TOKEN = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;

/** By how many tokens the edits make the code longer; negative where they make it shorter. */
export function addedTokens(edits: readonly Edit[]): number {
  return edits.reduce((sum, { search, replace }) => sum + countTokens(replace) - countTokens(search), 0);
}

function countTokens(code: string): number {
  return code.replace(COMMENT, '').match(TOKEN)?.length ?? 0;
}
