/** What logging, launchers and progress bars write before a line of a program's own. */

const TIME = String.raw`\d\d?:\d\d:\d\d(?:[.,]\d+)?`;
const DATE = String.raw`\d{4}[-/.]\d\d[-/.]\d\d|\d\d/\d\d(?:/\d\d(?:\d\d)?)?`;
/** A module, or a place in a file. Other words may name what is measured: `train`, `best`. */
const PLACE = String.raw`root|__\w+__(?::[\w<>]+)?(?::\d+)?|\w[\w-]*(?:[./][\w-]+)*(?::[\w<>]+)?:\d+(?::[\w<>]+)?|\w+(?:\.\w+)+`;

/** Each is tried where the one before ended, and followed by any blanks. */
const PARTS = {
  rank: /\[(?:rank ?|default)(?<rank>\d+)\]:?|\[\d+,(?<mpi>\d+)\]<std(?:out|err)>:/iy,
  actor: /\([\w.<>-]+ pid=\d+(?:, ip=[\w.:]+)?\)|wandb:/y,
  glog: new RegExp(String.raw`[IWEF]\d{4} ${TIME} +\d+ [\w./-]+:\d+\]`, 'y'),
  time: new RegExp(
    String.raw`[[(<]?(?:(?:${DATE})(?:[T ] *${TIME})?|${TIME})(?: ?(?:Z|UTC|[-+]\d\d:?\d\d))?(?![\w.])[\])>]?`,
    'y',
  ),
  level: /[[(<]? *(?:trace|debug|info|notice|warn|warning|error|critical)(?!\w) *[\])>]?/iy,
  place: new RegExp(String.raw`\[(?:${PLACE})\]|(?:${PLACE})(?=[:\s])`, 'y'),
  bar: /(?:[^|%:]{0,40}: *)?\d{1,3}%\|[^|]*\| *[\d.]+\w?\/[\d.?]+\w? *\[[^\]]*\]/y,
  separator: /[-|:>•*]+/y,
};
/** Without one of these before it, a place may be a part of the metric's name. */
const BEFORE_PLACE = ['time', 'level'];

export interface LogPrefix {
  /** In characters, with the blanks after it. */
  length: number;
  /** Of the process among several that print the same; 0 if the prefix names none. */
  rank: number;
}

/** The longest prefix of a line. */
export function logPrefix(line: string): LogPrefix {
  const seen = new Set<string>();
  let length = blanksAt(line, 0);
  let rank = 0;
  for (let found = partAt(line, length, seen); found !== null; found = partAt(line, length, seen)) {
    const { kind, match } = found;
    seen.add(kind);
    rank = Number(match.groups?.rank ?? match.groups?.mpi ?? rank);
    length = blanksAt(line, length + match[0].length);
  }
  return { length, rank };
}

function partAt(line: string, at: number, seen: ReadonlySet<string>) {
  const mayBePlace = BEFORE_PLACE.some(kind => seen.has(kind));
  for (const [kind, expression] of Object.entries(PARTS)) {
    if (kind === 'place' && !mayBePlace) continue;
    expression.lastIndex = at;
    const match = expression.exec(line);
    if (match !== null) return { kind, match };
  }
  return null;
}

/** Where the blanks at `start` end. */
function blanksAt(line: string, start: number): number {
  let end = start;
  while (/\s/.test(line[end] ?? '')) end++;
  return end;
}
