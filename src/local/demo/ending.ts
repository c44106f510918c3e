/** What the demo says when its campaign has ended: the result in a sentence, why, where to look, and what to do next. Pure. */
import path from 'node:path';
import { formatDifference } from '../../render/number.ts';
import { CHART_FILE, EXPERIMENTS_FILE, RESULTS_FILE } from '../../render/status.ts';
import { type Board, count, finalTable, noiseText, number, type Row } from './board.ts';
import type { Connection } from './connection.ts';

interface Ending extends Pick<Board, 'rows' | 'metric' | 'first' | 'champion' | 'goal'> {
  /** Address of the campaign's issue. */
  page: string;
  connection: Connection;
  dir: string;
  /** Folder of the trials' logs in `dir`. */
  logs: string;
  /** Whether the local GitHub keeps running. */
  stays: boolean;
}

/** The table, the result, and what to do next. */
export function ending(end: Ending): string {
  const lines = ['', finalTable(end), '', ...resultLines(end), '', ...placeLines(end), ...nextLines(end)];
  return `${lines.join('\n')}\n`;
}

/** The outcome first, then why the others were closed. */
function resultLines(end: Ending): string[] {
  const { rows, metric, first, champion, goal } = end;
  const merged = rows.filter(row => row.verdict?.kind === 'merge');
  const better = goal === 'minimize' ? 'lower' : 'higher';
  const level =
    first === null || champion === null
      ? ''
      : `: ${metric} went from ${number(first)} to ${number(champion)} (${formatDifference(champion - first, first)}; ${better} is better)`;
  const noise = noiseText(end);
  return [
    merged.length > 0
      ? `Result: ${count(merged.length, 'change')} of ${rows.length} made the model better and ${merged.length === 1 ? 'was' : 'were'} merged${level}.`
      : `Result: none of ${count(rows.length, 'change')} made the model better beyond doubt, so none was merged.`,
    ...reasonsOf(rows),
    ...(noise === null ? [] : [`Noise: ${noise}, so a smaller gain could be luck.`]),
  ];
}

/** `Not merged: 2 scored worse, 1 crashed.`; empty if all were merged. */
function reasonsOf(rows: readonly Row[]): string[] {
  const kinds = Map.groupBy(
    rows.filter(row => row.verdict?.kind !== 'merge'),
    row => REASONS[row.verdict?.kind ?? ''] ?? 'got no verdict',
  );
  if (kinds.size === 0) return [];
  const parts = [...kinds].map(([reason, those]) => `${those.length} ${reason}`);
  return [`Not merged: ${parts.join(', ')}. Each pull request says why.`];
}

const REASONS: Record<string, string> = {
  close: 'did not score better than the champion',
  'near miss': 'scored better, but not by more than chance can explain',
  'stopped early': 'fell so far behind half-way that training stopped',
  guard: 'broke a guard of the contract',
  crash: 'crashed',
  flagged: 'waits for a person, because the audit disagrees with the score',
};

function placeLines({ dir, logs, connection, page, stays }: Ending): string[] {
  const place = placeOf(dir);
  const { url, owner, repo } = connection;
  return [
    'Where to look:',
    `  results   ${path.join(place, RESULTS_FILE)}, and more of each in ${EXPERIMENTS_FILE}`,
    `  chart     ${path.join(place, CHART_FILE)}`,
    `  logs      ${path.join(place, logs)}`,
    ...(stays
      ? [
          `  campaign  ${page}`,
          `  changes   ${url}/${owner}/${repo}/pulls`,
          `  code      git clone ${url}/${owner}/${repo}.git`,
        ]
      : []),
  ];
}

function placeOf(dir: string): string {
  const relative = path.relative(process.cwd(), dir);
  return relative.startsWith('..') ? dir : relative;
}

function nextLines({ connection, page, stays, rows, dir }: Ending): string[] {
  const { url, owner, repo, token } = connection;
  const issue = page.slice(page.lastIndexOf('/') + 1);
  const comments = `${url}/api/v3/repos/${owner}/${repo}/issues/${issue}/comments`;
  const more = [
    `  more      comment "/research 3" on ${page}/comment`,
    `            or: curl -s -o /dev/null -H "Authorization: token ${token}" -d '{"body":"/research 3"}' ${comments}`,
  ];
  return [
    '',
    'What to do next:',
    ...(stays ? more : ['  more      npm run demo -- 10']),
    ...(rows.some(row => row.verdict?.kind === 'merge')
      ? [
          `  check     npm run autoresearch -- verify ${placeOf(dir)}   measures each merge again, on new seeds`,
        ]
      : []),
    '  yours     npm run autoresearch -- init --help   prepares your own repository, then: npm run demo -- --repo PATH',
    ...(stays ? ['', 'The local GitHub keeps running, and so does this view. Press Ctrl-C to stop.'] : []),
  ];
}
