/** Finds in the end of an output why a program failed, behind what launchers and build tools print about it afterwards. */

/** In Python, JavaScript and Java; with `Caused by`, in an exception group, or in the report of a launcher. */
const EXCEPTION =
  /^[\s|]*(?:(?:Uncaught|Caused by:|Exception in thread "[^"]*") )?((?:[A-Za-z_$][\w.$]*(?:Error|Exception|Interrupt|Exit|Warning|Iteration)|Error|Exception)\b(?: \[\w+\])?(?::.*)?)$/;
/** What other languages and tools print. */
const FAILURE =
  /^(?:panic: |thread '[^']*' panicked at |fatal error: |FATAL ERROR: |ERROR: |terminate called after |(?:\S+: )?(?:fatal )?error: )/;
/** Exceptions of launchers, which say that a process failed and not why. */
const LAUNCHERS = /\b(?:ChildFailedError|CalledProcessError|Process(?:Exited|Raised)Exception|SystemExit)\b/;
/** Exceptions of ranks whose peer has failed. */
const FOLLOWED = /\bDist(?:Backend|Network)Error\b|\bNCCL\b|Connection (?:closed|reset) by peer/;
/** Lines of tools that ran the program, and rules. */
const TOOLS =
  /^(?:g?make(?:\[\d+\])?: |npm (?:ERR!|error|notice)|\s*ELIFECYCLE|error Command failed|info Visit|error: (?:Recipe|script) .* exit|Node\.js v\d|Aborted|\S*: line \d+: +\d+ |[-=*]{3,}$|\s*$)/;
const KILLED =
  /(?:^|[\s\]])Killed(?:$|\s{2})|\bSIGKILL\b|\bsignal:? (?:9|Killed)\b|\b(?:Error|code|status|errno):? 137\b|\bexit ?code *:? -9\b/i;
const RANK = /^\[(?:rank|default)(\d+)\]:\s?/;

export const OUT_OF_MEMORY =
  /OutOfMemoryError\b|MemoryError\b|out of memory|can(?:'t|not) allocate memory|std::bad_alloc|\bRESOURCE_EXHAUSTED\b|ALLOC_FAILED\b|MemoryAllocation\b|\bOOM when allocating|memory allocation of \d+ bytes failed/i;

export interface Cause {
  /** The exception, or else the line that says most; empty without any output. */
  message: string;
  /** Whether `message` is an exception, which needs no explanation. */
  isException: boolean;
  /** Whether the system killed one of its processes. */
  isKilled: boolean;
}

interface Line {
  text: string;
  rank: string | null;
  index: number;
}

/** The cause that the last lines of an output name. */
export function causeOf(tail: readonly string[]): Cause {
  const lines = tail.map((line, index) => {
    const rank = RANK.exec(line);
    return { text: line.slice(rank?.[0].length ?? 0), rank: rank?.[1] ?? null, index };
  });
  const report = reportOfRanks(lines);
  const exception = exceptionOf(lines, report?.rank ?? null);
  const killed = lines.findLast(({ text, index }) => index >= (report?.start ?? 0) && KILLED.test(text));
  const isKilled = killed !== undefined && killed.index >= (exception?.index ?? 0);
  if (exception && !(isKilled && killed.index > exception.index))
    return { message: exception.text, isException: true, isKilled };
  const said =
    lines.findLast(({ text }) => FAILURE.test(text) && !TOOLS.test(text)) ??
    lines.findLast(({ text }) => !TOOLS.test(text) && !LAUNCHERS.test(text)) ??
    lines.findLast(({ text }) => text.trim() !== '');
  return { message: report?.message ?? said?.text ?? '', isException: false, isKilled };
}

/** The last exception of the rank that failed first: each exception of a chain follows from the one before, and so do those of other ranks. */
function exceptionOf(lines: readonly Line[], firstRank: string | null): Line | null {
  const found = lines.flatMap(line => {
    const text = EXCEPTION.exec(line.text)?.[1];
    return text === undefined || LAUNCHERS.test(text) ? [] : [{ ...line, text }];
  });
  const causes = found.filter(({ text }) => !FOLLOWED.test(text));
  const some = causes.length > 0 ? causes : found;
  const ranked = some.filter(({ rank }) => rank !== null);
  const rank = ranked.some(line => line.rank === firstRank) ? firstRank : (ranked[0]?.rank ?? null);
  return (rank === null ? some : ranked.filter(line => line.rank === rank)).at(-1) ?? null;
}

/** What torchrun says about the rank that failed first, and the line where it starts. */
function reportOfRanks(lines: readonly Line[]): { rank: string; message: string; start: number } | null {
  const start = lines.findLastIndex(({ text }) => text.startsWith('Root Cause (first observed failure)'));
  if (start === -1) return null;
  const value = (key: string) => {
    const line = lines.find(({ text, index }) => index > start && text.trimStart().startsWith(key));
    return /: *(.*?) *$/.exec(line?.text ?? '')?.[1] ?? '';
  };
  const rank = /^\d+/.exec(value('rank '))?.[0] ?? '0';
  const [, code = '', signal = ''] = /^(-?\d+).*?(\(SIG\w+\))?$/.exec(value('exitcode ')) ?? [];
  return { rank, message: `rank ${rank} failed with exit code ${code} ${signal}`.trim(), start };
}
