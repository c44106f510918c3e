/** Quotes words of a model, a program or a stranger inside sentences that are shown as Markdown. */

/** The first `length` characters of a sentence; a code span that is cut is closed, so that nothing in it comes alive. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length - 2);
  const open = cut.split('`').length % 2 === 0;
  return `${cut}${open ? '`' : ''}…`;
}

/** The text in a code span that it cannot leave, on one line; nothing in a code span is a mention or a link. */
export function quote(text: string, length = 200): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replaceAll('`', "'")
    .trim();
  return `\`${line.length <= length ? line || ' ' : `${line.slice(0, length - 1)}…`}\``;
}
