/** Changed files, line by line. */
import type { FileDiff } from '../git/diff.ts';
import { type Html, html } from './markup.ts';

/** Beyond this many lines a file is not shown; a browser would grow slow. */
const MAX_LINES = 3000;

type Line =
  | { kind: 'hunk'; text: string }
  | { kind: 'add' | 'del' | 'same' | 'note'; text: string; before: number | null; after: number | null };

/** The lines of a patch with their numbers in the file before and after. */
function patchLines(patch: string): Line[] {
  let before = 0;
  let after = 0;
  return patch.split('\n').map(line => {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line);
    if (hunk) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      return { kind: 'hunk', text: line };
    }
    const text = line.slice(1);
    if (line.startsWith('+')) return { kind: 'add', text, before: null, after: after++ };
    if (line.startsWith('-')) return { kind: 'del', text, before: before++, after: null };
    if (line.startsWith('\\')) return { kind: 'note', text, before: null, after: null };
    return { kind: 'same', text, before: before++, after: after++ };
  });
}

/** All changed files. */
export function diffView(files: readonly FileDiff[]): Html {
  const sum = (count: (file: FileDiff) => number) => files.reduce((total, file) => total + count(file), 0);
  const head = html`<p>${files.length} changed ${files.length === 1 ? 'file' : 'files'}, ${counts(
    sum(file => file.additions),
    sum(file => file.deletions),
  )}</p>`;
  return html`${head}${files.map(fileView)}`;
}

const counts = (additions: number, deletions: number): Html =>
  html`<span class="plus">+${additions}</span> <span class="minus">−${deletions}</span>`;

function fileView(file: FileDiff): Html {
  const name = file.previousPath === null ? file.path : `${file.previousPath} → ${file.path}`;
  return html`<section class="box">
<p class="head">${name} <span class="quiet">${file.status === 'modified' ? '' : file.status}</span> ${counts(file.additions, file.deletions)}</p>
${patchView(file.patch)}
</section>`;
}

function patchView(patch: string | null): Html {
  if (patch === null) return html`<p class="quiet inside">No lines to show.</p>`;
  const lines = patchLines(patch);
  if (lines.length > MAX_LINES)
    return html`<p class="quiet inside">${lines.length} lines, too many to show here.</p>`;
  return html`<div class="scroll"><table class="diff">${lines.map(lineView)}</table></div>`;
}

function lineView(line: Line): Html {
  if (line.kind === 'hunk') return html`<tr class="hunk"><td></td><td></td><td>${line.text}</td></tr>`;
  return html`<tr class="${line.kind}"><td>${line.before}</td><td>${line.after}</td><td>${line.text}</td></tr>`;
}
