/** Makes text from models and strangers harmless: it is data, never Markdown, never a mention, never a command. */

/**
 * One line without control characters, mentions, references to issues or commands to a CI; at most `length` characters.
 * What is dropped goes first; all else is replaced, so that nothing can come together from its two sides.
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

/** Text that Markdown shows as it is, on one line; mentions and references are broken by an invisible character. */
export function escapeMarkdown(text: string, length = 500): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  const short = line.length <= length ? line : `${line.slice(0, length - 1)}…`;
  return short
    .replace(/[&<>]/g, character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? '')
    .replace(/[\\`*_{}[\]|~!]/g, '\\$&')
    .replace(/[@#]/g, '$&\u200b')
    .replace(/\b(GH-|https?:|www\.)/gi, '$&\u200b');
}

/** A fenced block that its content cannot leave. */
export function fence(content: string, language = ''): string {
  const longest = (content.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${content.replace(/\r\n?/g, '\n').trimEnd()}\n${ticks}`;
}
