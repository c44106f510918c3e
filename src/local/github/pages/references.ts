/** `#12` in Markdown leads to the issue. */
import type { MarkdownIt } from 'markdown-it';

const REFERENCE = /(?<![\w&#/])#(\d{1,9})\b/;

/** A plugin of markdown-it: references become links to `<issues>/<number>`, except in links and code. */
export function referencePlugin(md: MarkdownIt, issues: string): void {
  md.core.ruler.push('references', state => {
    for (const block of state.tokens) {
      let inLink = 0;
      block.children = (block.children ?? []).flatMap(token => {
        if (token.type === 'link_open') inLink++;
        if (token.type === 'link_close') inLink--;
        if (token.type !== 'text' || inLink > 0 || !REFERENCE.test(token.content)) return [token];
        return token.content.split(/((?<![\w&#/])#\d{1,9}\b)/).flatMap(piece => {
          const text = new state.Token('text', '', 0);
          text.content = piece;
          const number = REFERENCE.exec(piece)?.[1];
          if (number === undefined) return [text];
          const open = new state.Token('link_open', 'a', 1);
          open.attrs = [['href', `${issues}/${number}`]];
          return [open, text, new state.Token('link_close', 'a', -1)];
        });
      });
    }
  });
}
