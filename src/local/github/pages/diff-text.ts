/** A diff inside Markdown, line by line. */
import { escaped } from './markup.ts';

const CLASSES: Readonly<Record<string, string>> = { '+': 'add', '-': 'del', '@': 'hunk' };

/** HTML of the lines, those added and removed marked as such. */
export function renderDiffText(text: string): string {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map(line => {
      const name = CLASSES[line.slice(0, 1)];
      return name === undefined ? escaped(line) : `<span class="${name}">${escaped(line)}</span>`;
    })
    .join('\n');
}
