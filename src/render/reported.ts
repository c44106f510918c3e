/** The other numbers that a program printed. They decide nothing, so they are folded away. */
import { markdownTable } from 'markdown-table';
import { escapeMarkdown } from '../text/markdown.ts';
import { formatValue } from './number.ts';

/** Empty without any. A measurement holds at most 30, with names of at most 40 characters. */
export function reportedDetails({
  trial,
  reported,
}: {
  trial: string;
  reported: Record<string, number>;
}): string {
  const rows = Object.entries(reported).map(([name, value]) => [
    escapeMarkdown(name, 40),
    Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : formatValue(value),
  ]);
  if (rows.length === 0) return '';
  const table = markdownTable([['number', 'value'], ...rows], { align: ['l', 'r'] });
  return `<details><summary>Other numbers that trial ${trial} reported</summary>\n\n${table}\n\n</details>`;
}
