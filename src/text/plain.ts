/** Untrusted text in titles and commit messages, where nothing can be escaped: whatever could act is removed or replaced. */

/**
 * One line without control characters, mentions, issue references, git trailers or CI commands, at most `length` characters long.
 * Characters are removed first and patterns replaced afterwards, so that removing one cannot put another together.
 */
export function plainLine(text: string, length = 80): string {
  const line = text
    .replace(/[@#]/g, '')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replace(/NO_CI/gi, 'NO CI')
    .replace(/(skip-checks|signed-off-by|co-authored-by)[\s:]*:/gi, '$1')
    .replace(/(?<![a-z])GH-(?=\d)/gi, 'GH ')
    .replace(/:\/[/:]*/g, ': ')
    .replace(/ +/g, ' ')
    .trim();
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}
