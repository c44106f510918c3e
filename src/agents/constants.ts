/** Finds the settings of a file that are plain numbers or booleans: alone, or in tuples, lists and dictionaries. */
import { extname } from 'node:path';
import { type Literal, readLiteral } from './literal.ts';
import { type Grammar, plainCode, withoutComments } from './plain-code.ts';
import { literalsIn } from './values.ts';

export interface Constant extends Literal {
  path: string;
  /** As in the source, behind the keys and sections that it is in: `optimizer.lr`, `ADAM_BETAS[0]`. */
  name: string;
  /** Index of its line in the file, and of its first character in the line, counting from 0. */
  line: number;
  column: number;
}

interface Language extends Grammar {
  /** What precedes a value on its line; `name` is the setting. */
  heads: readonly RegExp[];
  /** What ends a value, apart from the line or the brackets that it is in. */
  separator?: ';' | ',';
  /** How names of sections above become part of a name. */
  nesting?: 'indent' | 'section';
}

const PYTHON: Language = {
  comment: '#',
  separator: ';',
  quotes: ['"""', "'''", '"', "'"],
  heads: [/^(?<name>[A-Z][A-Z0-9_]*)\s*(?::[^=\n]+)?=(?!=)/],
};
const SCRIPT: Language = {
  comment: '//',
  separator: ';',
  quotes: ['`', '"', "'"],
  heads: [/^(?:export\s+)?(?:(?:const|let|var)\s+)?(?<name>[A-Z][A-Z0-9_]*)\s*(?::[^=\n]+)?=(?!=)/],
};
const RUST: Language = {
  comment: '//',
  separator: ';',
  quotes: ['"'],
  heads: [
    /^\s*(?:pub(?:\([^)\n]*\))?\s+)?(?:const|static)\s+(?:mut\s+)?(?<name>[A-Z][A-Z0-9_]*)\s*:[^=\n]+=(?!=)/,
  ],
};
const YAML: Language = {
  comment: ' #',
  quotes: ['"', "'"],
  heads: [/^\s*(?:-\s+)?(?<name>[A-Za-z_][\w-]*)\s*:\s/],
  nesting: 'indent',
};
const JSON_MEMBERS: Language = {
  comment: '//',
  separator: ',',
  quotes: ['"'],
  heads: [/(?<=^|[{,])\s*"(?<name>[A-Za-z_][\w-]*)"\s*:/g],
  nesting: 'indent',
};
const TOML: Language = {
  comment: '#',
  quotes: ['"""', "'''", '"', "'"],
  heads: [/^\s*"?(?<name>[A-Za-z_][\w.-]*)"?\s*=/],
  nesting: 'section',
};
/** An assignment, a default such as `LR=${LR:-0.1}`, or an option such as `--lr 0.1`. */
const SHELL: Language = {
  comment: ' #',
  quotes: [],
  heads: [
    /^\s*(?:(?:export|readonly|local|declare(?:\s+-\w+)*)\s+)?(?<name>[A-Za-z_]\w*)=["']?(?:\$\{\w+:?[-=])?/,
    /(?<=^|\s)--(?<name>[A-Za-z][\w-]*)(?:=|\s+)["']?/g,
  ],
};

const LANGUAGES: Record<string, Language> = {
  '.py': PYTHON,
  '.js': SCRIPT,
  '.mjs': SCRIPT,
  '.cjs': SCRIPT,
  '.ts': SCRIPT,
  '.mts': SCRIPT,
  '.rs': RUST,
  '.yml': YAML,
  '.yaml': YAML,
  '.json': JSON_MEMBERS,
  '.toml': TOML,
  '.sh': SHELL,
  '.bash': SHELL,
};

/** The numeric and boolean settings in `text`, in file order. In code they are upper-case constants at top level. */
export function parseConstants(path: string, text: string): Constant[] {
  const language = LANGUAGES[extname(path)];
  if (language === undefined) return [];
  const code = plainCode(text, language);
  const constants: Constant[] = [];
  let start = 0;
  const lines = code.split('\n');
  const scope = scopeOf(language);
  /** Where the value of an earlier line ends; what is before is part of it. */
  let done = 0;
  for (const [line, content] of lines.entries()) {
    const prefix = scope(content);
    for (const { name, from } of headsOf(language, content)) {
      if (start + from < done) continue;
      const to =
        language === SHELL ? start + wordEnd(content, from) : endOfValue(code, start + from, language);
      for (const found of literalsIn(code, start + from, to, [...prefix, name].join('.'))) {
        const literal = readLiteral(text.slice(found.start, found.end));
        if (literal === null) continue;
        const at = lineOf(text, start, line, found.start);
        constants.push({ path, name: found.name, ...at, ...literal });
      }
      done = Math.max(done, to);
    }
    start += content.length + 1;
  }
  return constants;
}

/** The names before values in a line, and where the values begin. */
function headsOf({ heads }: Language, content: string): { name: string; from: number }[] {
  return heads.flatMap(head => {
    const found = head.global ? [...content.matchAll(head)] : [head.exec(content)];
    return found.flatMap(match => {
      const name = match?.groups?.name;
      return match && name !== undefined ? [{ name, from: match.index + match[0].length }] : [];
    });
  });
}

/** The names that the keys or sections above a line put before its own. */
function scopeOf({ nesting }: Language): (content: string) => string[] {
  const parents: { indent: number; name: string }[] = [];
  let section: string[] = [];
  return content => {
    const indent = content.search(/\S/);
    if (nesting === 'section') {
      const header = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(content)?.[1];
      if (header !== undefined) section = [header.replaceAll(/["'\s]/g, '')];
      return section;
    }
    if (nesting === undefined || indent === -1) return [];
    while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop();
    const above = parents.map(({ name }) => name);
    const parent = /^\s*(?:-\s+)?"?([A-Za-z_][\w-]*)"?\s*:\s*(?:[{[]\s*)?$/.exec(content)?.[1];
    if (parent !== undefined) parents.push({ indent, name: parent });
    return above;
  };
}

/** Where the value that starts at `from` ends: with its line, or with the brackets that are open there. */
function endOfValue(code: string, from: number, { nesting, separator }: Language): number {
  let depth = 0;
  for (let i = from; i < code.length; i++) {
    const character = code[i] ?? '';
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && --depth < 0) return i;
    // In YAML and JSON, what a bracket opens at the end of a line is read line by line.
    else if (character === '\n' && (depth === 0 || nesting === 'indent')) return i;
    else if (depth === 0 && character === separator) return i;
  }
  return code.length;
}

function wordEnd(content: string, from: number): number {
  return from + (/^[^\s;"'}\\]*/.exec(content.slice(from))?.[0].length ?? 0);
}

function lineOf(text: string, start: number, line: number, offset: number): { line: number; column: number } {
  const between = text.slice(start, offset);
  const breaks = between.split('\n').length - 1;
  return {
    line: line + breaks,
    column: breaks === 0 ? offset - start : between.length - between.lastIndexOf('\n') - 1,
  };
}

/** The text with another value of the constant. */
export function withValue({ line, column, written }: Constant, text: string, value: string): string {
  const lines = text.split('\n');
  const old = lines[line] ?? '';
  return lines.with(line, old.slice(0, column) + value + old.slice(column + written.length)).join('\n');
}

/** A constant before and after a change. */
export interface ChangedConstant {
  from: Constant;
  to: Constant;
}

/** The constants in which two versions of a text differ; null if they differ in anything else, or not at all. */
export function changedConstants(path: string, before: string, after: string): ChangedConstant[] | null {
  const [then, now] = [parseConstants(path, before), parseConstants(path, after)];
  if (then.length !== now.length || frameOf(before, then) !== frameOf(after, now)) return null;
  const changes = then.flatMap((from, i) => {
    const to = now[i];
    return to !== undefined && to.written !== from.written ? [{ from, to }] : [];
  });
  return changes.length > 0 ? changes : null;
}

/** The code with its constants as plain numbers and without comments; null for a language that is not known here. */
export function withPlainValues(path: string, text: string): string | null {
  const language = LANGUAGES[extname(path)];
  if (language === undefined) return null;
  const plain = parseConstants(path, text)
    .toReversed()
    .reduce((now, constant) => withValue(constant, now, plainValue(constant)), text);
  return withoutComments(plain, language);
}

/** A whole number and a fraction are not the same, and neither are the two zeros. */
function plainValue({ value, notation }: Constant): string {
  return `${Object.is(value, -0) ? '-' : ''}${value}${notation === 'float' ? ' float' : ''}`;
}

/** The text around the constants. */
function frameOf(text: string, constants: readonly Constant[]): string {
  const bare = constants.toReversed().reduce((now, constant) => withValue(constant, now, '\0'), text);
  return bare.replaceAll('\r\n', '\n');
}
