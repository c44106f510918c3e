/** Markdown as GitHub shows it. Of HTML, a few elements without attributes pass; comments vanish; the rest is shown as text. */
import MarkdownItParser, { type MarkdownIt } from 'markdown-it';
import { renderDiffText } from './diff-text.ts';
import { escaped, type Html, trusted } from './markup.ts';
import { referencePlugin } from './references.ts';

/** Where addresses in a text lead. */
export interface Place {
  /** Path below which issues stand; `#12` leads there. */
  issues: string;
  /** Path of the folder that relative links and images start from; without them they stay as they are. */
  links?: string;
  images?: string;
}

const COMMENT = /<!--(?:>|->|.*?(?:-->|$))/gs;
const ELEMENT = /<(\/?)(details|summary|sub|sup|kbd|br)( open)?\s*\/?>/gi;
const NEVER_CLOSED = 'br';

/** The text as HTML. With `breaks`, line ends are kept, as in comments; files are shown without. */
export function renderMarkdown(text: string, place: Place, breaks = true): Html {
  const md = new MarkdownItParser({ html: true, linkify: true, breaks });
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  md.validateLink = isSafeAddress;
  const open: string[] = [];
  const passHtml = (tokens: { content: string }[], index: number) =>
    filterHtml(tokens[index]?.content ?? '', open);
  md.renderer.rules.html_block = passHtml;
  md.renderer.rules.html_inline = passHtml;
  fences(md);
  alignment(md);
  addresses(md, place);
  md.use(referencePlugin, place.issues);
  const body = md.render(text);
  return trusted(
    body +
      open
        .reverse()
        .map(name => `</${name}>`)
        .join(''),
  );
}

/** HTML of which only {@link ELEMENT} is left; `open` follows which elements are open, so that none closes what it did not open. */
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

/** Follows relative addresses from the place of the text, and tells other sites nothing. */
function addresses(md: MarkdownIt, place: Place): void {
  md.core.ruler.push('addresses', state => {
    for (const token of state.tokens.flatMap(one => one.children ?? [])) {
      const [name, base] = token.type === 'image' ? ['src', place.images] : ['href', place.links];
      const address = token.attrGet(name);
      if (address === null) continue;
      token.attrSet(name, base === undefined ? String(address) : resolve(String(address), base));
      if (name === 'href') token.attrSet('rel', 'nofollow noreferrer');
    }
  });
}

/** Known schemes, or none. */
function isSafeAddress(address: string): boolean {
  return /^(https?|mailto):/i.test(address) || !/^[^/?#]*:/.test(address);
}

function resolve(address: string, base: string): string {
  if (/^([a-z][a-z0-9+.-]*:|\/|#|\?)/i.test(address)) return address;
  const { pathname, search, hash } = new URL(address, new URL(base, 'http://here'));
  return pathname + search + hash;
}
