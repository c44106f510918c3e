/** Every text that the App writes on GitHub is cut to what GitHub takes: a text that is too long would be refused, and nobody would read anything. */
import { MAX_BODY } from './marker.ts';
import type { CheckRunText } from './port.ts';

/** GitHub's limits in characters: of titles, and of a check run's texts. */
const MAX_TITLE = 256;
const MAX_CHECK = 65_535;

const CUT = '*The rest is left out: it is longer than GitHub allows.*';
const MARKER = '<!-- autoresearch:';

/** A comment or a description. */
export function fitBody(body: string): string {
  return fit(body, MAX_BODY);
}

/** A title of a pull request or a commit. */
export function fitTitle(title: string): string {
  return title.length <= MAX_TITLE ? title : `${title.slice(0, MAX_TITLE - 1).toWellFormed()}…`;
}

/** What a pull request is created with, or changed to. */
export function fitPull<Texts extends { title?: string; body?: string }>(pull: Texts): Texts {
  const fitted = { ...pull };
  if (fitted.title !== undefined) fitted.title = fitTitle(fitted.title);
  if (fitted.body !== undefined) fitted.body = fitBody(fitted.body);
  return fitted;
}

export function fitCheck<Text extends CheckRunText>({ title, summary, text }: Text): CheckRunText {
  return { title: fitTitle(title), summary: fit(summary, MAX_CHECK), text: fit(text, MAX_CHECK) };
}

/** Cuts whole lines. The hidden marker at the end stays, and a code block that is cut ends before it. */
function fit(text: string, most: number): string {
  if (text.length <= most) return text;
  const at = text.lastIndexOf(MARKER);
  const marker = at < 0 ? '' : text.slice(at);
  // A marker that is too long by itself would be refused; whoever stores it makes it smaller first.
  const room = most - marker.length - CUT.length - 100;
  const visible = text.slice(0, Math.max(0, at < 0 ? room : Math.min(room, at)));
  const lines = visible.slice(0, visible.lastIndexOf('\n') + 1) || visible.toWellFormed();
  return [lines.trimEnd() + openFence(lines), CUT, marker].filter(part => part !== '').join('\n\n');
}

/** What ends the code block that a text leaves open; empty if it leaves none. */
function openFence(text: string): string {
  let open = '';
  for (const [, mark = ''] of text.matchAll(/^(`{3,60})/gm)) {
    if (open === '') open = mark;
    else if (mark.length >= open.length) open = '';
  }
  return open === '' ? '' : `\n${open}`;
}
