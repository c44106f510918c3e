/** Untrusted text in Markdown: whatever a model, a program or a stranger wrote is shown literally and cannot act. */

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Text that Markdown renders as it is written, on one line and at most `length` characters long. Mentions, issue references and links
 * are broken up by an invisible character.
 */
export function escapeMarkdown(text: string, length = 500): string {
  return cut(oneLine(text), length)
    .replace(/[&<>]/g, character => ENTITIES[character] ?? '')
    .replace(/[\\`*_{}[\]|~!]/g, '\\$&')
    .replace(/^(\d{1,9})([.)])(?= |$)/, '$1\\$2')
    .replace(/^[-+=](?=[-= ]|$)/, '\\$&')
    .replace(/[@#]/g, '$&\u200b')
    .replace(/\b(GH-|https?:|www\.)/gi, '$&\u200b');
}

/** A code span on one line. Nothing in a code span is a mention or a link, and the text has no backtick to close it with. */
export function quote(text: string, length = 200): string {
  return `\`${cut(oneLine(text).replaceAll('`', "'"), length) || ' '}\``;
}

/** A fenced block, with a fence longer than any run of backticks in `text`. The text itself is kept to the character. */
export function fence(text: string, language = ''): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const mark = '`'.repeat(longest + 1);
  return `${mark}${language}\n${text}\n${mark}`;
}

/** The first `length` characters of Markdown that is safe already. A code span that gets cut is closed, so its content stays code. */
export function clip(markdown: string, length: number): string {
  if (markdown.length <= length) return markdown;
  const kept = markdown.slice(0, length - 2);
  const isOpen = kept.split('`').length % 2 === 0;
  return `${kept}${isOpen ? '`' : ''}…`;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

function cut(line: string, length: number): string {
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
