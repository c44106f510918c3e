/** What to do about errors that come from the sandbox rather than from the code. */

const HINTS: readonly [RegExp, string][] = [
  [
    /Read-only file system|\bEROFS\b/,
    'Committed files cannot be changed in the sandbox: write other files beside them, or below $TMPDIR.',
  ],
  [
    /name resolution|Name or service not known|nodename nor servname|Network is unreachable|\bENOTFOUND\b|\bEAI_AGAIN\b|Could not resolve host|Max retries exceeded with url|couldn't connect to 'https?:/i,
    'There is no network in the sandbox: download before the trial, and list the folder under `readable` in the workflow.',
  ],
  [/not a git repository|'rev-parse'|\bgit rev-parse\b/, 'There is no git repository in the sandbox.'],
  [
    /(?:FileNotFoundError|No such file or directory|\bENOENT\b|cannot open)[^\n]*['"](?:\/(?!trial\/|tmp\/)|~\/)/,
    'If it exists on the runner, list it under `readable` in the workflow.',
  ],
];
const MOST_CHARACTERS = 500;

/** The message of a crash in the sandbox, with what to do about it if that is known. */
export function withHint(message: string, traceback: string): string {
  const hint = HINTS.find(([pattern]) => pattern.test(message) || pattern.test(lastLines(traceback)))?.[1];
  if (hint === undefined) return message;
  const room = MOST_CHARACTERS - hint.length - 2;
  return `${message.slice(0, room).replace(/\.$/, '')}. ${hint}`;
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-5).join('\n');
}
