/** What to do about errors that come from what a trial finds around it rather than from the code. */

const IN_SANDBOX: readonly [RegExp, string][] = [
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
/** Where nothing was set up for the repository, whatever the sandbox. */
const ANYWHERE: readonly [RegExp, string][] = [
  [
    /No module named|Cannot find (?:module|package) ['"](?![./])|\bERR_MODULE_NOT_FOUND\b|error while loading shared libraries|there is no package called|no required module provides package|no matching package named|(?:command )?not found(?::|$)/m,
    'A trial installs nothing. Let a step of the workflow before the trial install what is missing into `.venv` or `node_modules` of the base, or install it on the runner.',
  ],
];
const MOST_CHARACTERS = 500;

/** The message of a crash, with what to do about it if that is known. */
export function withHint(message: string, traceback: string, isSandboxed: boolean): string {
  const hints = [...(isSandboxed ? IN_SANDBOX : []), ...ANYWHERE];
  const hint = hints.find(([pattern]) => pattern.test(message) || pattern.test(lastLines(traceback)))?.[1];
  if (hint === undefined) return message;
  const room = MOST_CHARACTERS - hint.length - 2;
  return `${message.slice(0, room).replace(/\.$/, '')}. ${hint}`;
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-5).join('\n');
}
