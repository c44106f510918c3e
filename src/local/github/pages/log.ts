/** A job's log as a page shows it. */
import { visible } from '../../../protocol/visible.ts';
import { type Html, html } from './markup.ts';

const MAX_CHARACTERS = 300_000;

const MARKED: Readonly<Record<string, string>> = {
  group: 'group',
  error: 'bad',
  warning: 'busy',
  notice: 'good',
};

/** The log's end. While the job runs, the newest line is in sight. */
export function renderLog(text: string, running: boolean): Html {
  if (text === '') return html`<p class="quiet">Nothing was written yet.</p>`;
  const cut = text.length > MAX_CHARACTERS;
  const lines = visible(cut ? text.slice(-MAX_CHARACTERS) : text)
    .replace(/\n$/, '')
    .split('\n');
  return html`${cut && html`<p class="quiet">The beginning is left out; it is in the raw log.</p>`}
<div class="log ${running ? 'running' : ''}"><pre>${lines.map(lineView)}</pre></div>`;
}

/** The runner's own marks, such as `##[group]Measure`, become headings and colours; the guards around a candidate's output go. */
function lineView(line: string): Html {
  const [, mark, rest = ''] = /^##\[(\w+)\](.*)$/.exec(line) ?? [];
  if (mark === 'endgroup' || /^::(stop-commands::)?[0-9a-f-]{36}(::)?$/.test(line)) return html``;
  const name = MARKED[mark ?? ''];
  return name === undefined ? html`${line}\n` : html`<span class="${name}">${rest}</span>\n`;
}
