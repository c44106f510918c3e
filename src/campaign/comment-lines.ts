/** The lines of a comment: which are the author's own words, and which are code or somebody else's. */
import { visible } from '../protocol/visible.ts';

export interface Line {
  kind: 'said' | 'code' | 'quoted';
  text: string;
}

const LINE_BREAK = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
const FENCE = /^\s*(`{3,}|~{3,})/;
/** Blocks of HTML whose lines are code or a quotation, and what ends them. */
const BLOCKS = [
  { start: /^\s*<(?:pre|code)\b/i, end: /<\/(?:pre|code)>/i, kind: 'code' },
  { start: /^\s*<blockquote\b/i, end: /<\/blockquote>/i, kind: 'quoted' },
] as const;
/** What e-mail programs put above the message that is answered, and below the answer. */
const MAIL_END = /^(?:-- ?|Sent from my \S.*|On .{5,200} wrote:)$/;

/** The comment's lines without HTML comments, up to an e-mail's signature. The marks around code are no lines. */
export function commentLines(body: string): Line[] {
  const lines: Line[] = [];
  let until: { kind: Line['kind']; ends: (line: string) => boolean } | null = null;
  for (const raw of withoutHtmlComments(body).split(LINE_BREAK)) {
    // A byte order mark counts as a blank, and would make an indented line.
    const text = visible(raw);
    if (until) {
      if (until.ends(text)) until = null;
      else lines.push({ kind: until.kind, text });
      continue;
    }
    const fence = FENCE.exec(text)?.[1];
    const block = BLOCKS.find(({ start }) => start.test(text));
    if (fence && !text.trimStart().slice(fence.length).includes('`'))
      until = { kind: 'code', ends: line => closes(line, fence) };
    else if (block) {
      lines.push({ kind: block.kind, text: text.replace(/<[^<>]*>/g, ' ').trim() });
      if (!block.end.test(text)) until = { kind: block.kind, ends: line => block.end.test(line) };
    } else if (MAIL_END.test(text.trimStart())) break;
    else lines.push({ kind: isIndented(text, lines.at(-1)) ? 'code' : kindOf(text), text });
  }
  return lines;
}

function kindOf(text: string): Line['kind'] {
  return /^\s*>/.test(text) ? 'quoted' : 'said';
}

/** Four blanks make code, unless they continue a paragraph. */
function isIndented(text: string, before: Line | undefined): boolean {
  const inParagraph = before?.kind === 'said' && before.text.trim() !== '';
  return /^(?: {4}| {0,3}\t)\s*\S/.test(text) && !inParagraph;
}

function closes(line: string, fence: string): boolean {
  const text = line.trim();
  return text.length >= fence.length && text === (fence[0] ?? '').repeat(text.length);
}

/** One pass: a comment that is never closed hides the rest, as on GitHub. */
function withoutHtmlComments(body: string): string {
  const [first = '', ...rest] = body.split('<!--');
  return rest.reduce((text, part) => {
    const end = part.indexOf('-->');
    return end < 0 ? text : text + part.slice(end + 3);
  }, first);
}
