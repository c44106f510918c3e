/** Markdown as GitHub shows it. Of HTML, a few elements without attributes pass; comments vanish; the rest is shown as text. */
import MarkdownItParser, { type MarkdownIt } from 'markdown-it';
import { renderDiffText } from './diff-text.ts';
import { escaped, type Html, trusted } from './markup.ts';
import { type AddressOf, referencePlugin } from './references.ts';

const COMMENT = /<!--(?:>|->|.*?(?:-->|$))/gs;
const ELEMENT = /<(\/?)(details|summary|sub|sup|kbd|br)( open)?\s*\/?>/gi;
const NEVER_CLOSED = 'br';

/** A comment as HTML, with its line ends. `addressOf` says where `#12` leads. */
export function renderMarkdown(text: string, addressOf: AddressOf): Html {
  const md = new MarkdownItParser({ html: true, linkify: true, breaks: true });
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  md.validateLink = isSafeAddress;
  const open: string[] = [];
  const passHtml = (tokens: { content: string }[], index: number) =>
    filterHtml(tokens[index]?.content ?? '', open);
  md.renderer.rules.html_block = passHtml;
  md.renderer.rules.html_inline = passHtml;
  fences(md);
  alignment(md);
  strangersLinks(md);
  md.use(referencePlugin, addressOf);
  const body = md.render(text);
  return trusted(
    body +
      open
        .reverse()
        .map(name => `</${name}>`)
        .join(''),
  );
}

/** HTML with nothing but {@link ELEMENT} left in it; `open` follows which elements are open, so that none closes what it did not open. */
function filterHtml(content: string, open: string[]): string {
  const parts: string[] = [];
  let done = 0;
  const text = content.replace(COMMENT, '');
  for (const { index, 0: tag, 1: slash, 2: name = '', 3: state = '' } of text.matchAll(ELEMENT)) {
    parts.push(escapedText(text.slice(done, index)));
    done = index + tag.length;
    const element = name.toLowerCase();
    if (!slash) {
      if (element !== NEVER_CLOSED) open.push(element);
      parts.push(element === 'details' && state ? '<details open="">' : `<${element}>`);
    } else if (open.at(-1) === element) {
      open.pop();
      parts.push(`</${element}>`);
    }
  }
  return parts.join('') + escapedText(text.slice(done));
}

/** As {@link escaped}, but entities such as `&amp;` stay what they are. */
const escapedText = (text: string) => escaped(text).replace(/&amp;(#?\w{1,31};)/g, '&$1');

/** Code blocks; those of the language `diff` in colours. */
function fences(md: MarkdownIt): void {
  md.renderer.rules.fence = (tokens, index) => {
    const { info = '', content = '' } = tokens[index] ?? {};
    const code = info.trim() === 'diff' ? renderDiffText(content) : escaped(content);
    return `<pre><code>${code}</code></pre>\n`;
  };
}

/** The columns of a table are aligned by a class, because the pages allow no inline styles. */
function alignment(md: MarkdownIt): void {
  for (const rule of ['th_open', 'td_open'] as const) {
    md.renderer.rules[rule] = (tokens, index, options, _env, self) => {
      const token = tokens[index];
      const align = /text-align:\s*(right|center)/.exec(String(token?.attrGet('style') ?? ''))?.[1];
      if (token) token.attrs = align === undefined ? null : [['class', align]];
      return self.renderToken(tokens, index, options);
    };
  }
}

/** Tells other sites nothing of who follows a link. */
function strangersLinks(md: MarkdownIt): void {
  md.core.ruler.push('strangers-links', state => {
    for (const token of state.tokens.flatMap(one => one.children ?? []))
      if (token.type === 'link_open') token.attrSet('rel', 'nofollow noreferrer');
  });
}

/** Known schemes, or none. */
function isSafeAddress(address: string): boolean {
  return /^(https?|mailto):/i.test(address) || !/^[^/?#]*:/.test(address);
}
