/** `#12` in Markdown leads to the issue. */
import type { MarkdownIt } from 'markdown-it';

const REFERENCE = /((?<![\w&#/])#\d{1,9}\b)/;

/** Where the page of an issue or pull request is; null where there is none of that number. */
export type AddressOf = (number: number) => string | null;

/** A plugin of markdown-it: references to what is there become links, except in links and code. */
export function referencePlugin(md: MarkdownIt, addressOf: AddressOf): void {
  md.core.ruler.push('references', state => {
    for (const block of state.tokens) {
      let inLink = 0;
      block.children = (block.children ?? []).flatMap(token => {
        if (token.type === 'link_open') inLink++;
        if (token.type === 'link_close') inLink--;
        if (token.type !== 'text' || inLink > 0) return [token];
        // Every second piece is a reference.
        return token.content.split(REFERENCE).flatMap((piece, index) => {
          const text = new state.Token('text', '', 0);
          text.content = piece;
          const address = index % 2 === 0 ? null : addressOf(Number(piece.slice(1)));
          if (address === null) return [text];
          const open = new state.Token('link_open', 'a', 1);
          open.attrs = [['href', address]];
          return [open, text, new state.Token('link_close', 'a', -1)];
        });
      });
    }
  });
}
