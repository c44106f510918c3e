/** The length of code in tokens, without comments. */
import type { Edit } from '../idea.ts';

/** By file extension: matches lines that are comments, and trailing comments without quotes, which could be inside a string. */
const COMMENTS = new Map([
  ...commentsIn('py pyi sh bash rb pl r jl yaml yml toml cfg conf mk', '#'),
  ...commentsIn('js jsx ts tsx mjs cjs c h cc cpp hpp cu cuh go rs java kt swift cs scala zig', '//'),
]);
const TOKEN = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;

function commentsIn(endings: string, sign: string): [string, RegExp][] {
  const comment = new RegExp(`^[ \\t]*${sign}.*$|\\s${sign}[^'"\`\\n]*$`, 'gm');
  return endings.split(' ').map(ending => [ending, comment]);
}

/** How many tokens the edits add to the code; negative if they make it shorter. */
export function addedTokens(edits: readonly Edit[]): number {
  return edits.reduce((sum, { path, search, replace }) => {
    const comment = COMMENTS.get(path.split('.').at(-1)?.toLowerCase() ?? '');
    return sum + countTokens(replace, comment) - countTokens(search, comment);
  }, 0);
}

function countTokens(code: string, comment: RegExp | undefined): number {
  return (comment ? code.replace(comment, '') : code).match(TOKEN)?.length ?? 0;
}
