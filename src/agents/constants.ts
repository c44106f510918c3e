/** Finds the constants of a file, and writes new values in the notation of the old ones. */
import { extname } from 'node:path';

/** How a value is written. `power` is `2**k`, or a number from 16 up that is a power of two, usually for a reason. */
type Notation = 'int' | 'float' | 'power' | 'boolean';

export interface Constant {
  path: string;
  /** As in the source; in YAML and JSON prefixed with its parent keys, such as `optimizer.lr`. */
  name: string;
  /** Index of its line in the file, counting from 0. */
  line: number;
  /** The line before the value, the value as written, and the line after it. */
  before: string;
  written: string;
  after: string;
  /** 0 and 1 for booleans. */
  value: number;
  notation: Notation;
}

const NUMBER = String.raw`\d[\d_]*\s*\*\*\s*\d+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d+)(?:[eE][+-]?\d+)?`;
/** One pattern per language: what precedes the value (with the name), and what may follow it. */
const CODE_NAME = '(?<name>[A-Z][A-Z0-9_]*)';
const PYTHON = pattern(String.raw`${CODE_NAME}\s*(?::\s*\w+\s*)?=\s*`, 'True|False', String.raw`\s*(?:#.*)?`);
const SCRIPT = pattern(
  String.raw`(?:export\s+)?(?:(?:const|let|var)\s+)?${CODE_NAME}\s*(?::\s*\w+\s*)?=\s*`,
  'true|false',
  String.raw`\s*;?\s*(?://.*)?`,
);
const YAML = pattern(
  String.raw`\s*(?:-\s+)?(?<name>[A-Za-z_][\w-]*)\s*:\s+`,
  'true|false',
  String.raw`\s*(?:#.*)?`,
);
const JSON_MEMBER = pattern(
  String.raw`\s*"(?<name>[A-Za-z_][\w-]*)"\s*:\s*`,
  'true|false',
  String.raw`\s*,?\s*`,
);

function pattern(before: string, booleans: string, after: string): RegExp {
  return new RegExp(`^(?<before>${before})(?<written>${NUMBER}|${booleans})(?<after>${after})$`);
}

function patternOf(path: string): RegExp | null {
  switch (extname(path)) {
    case '.py':
      return PYTHON;
    case '.js':
    case '.mjs':
    case '.cjs':
    case '.ts':
      return SCRIPT;
    case '.yml':
    case '.yaml':
      return YAML;
    case '.json':
      return JSON_MEMBER;
    default:
      return null;
  }
}

/** The numeric and boolean constants in `text`, in file order, one per line. In code they are upper-case and at top level. */
export function parseConstants(path: string, text: string): Constant[] {
  const pattern = patternOf(path);
  if (pattern === null) return [];
  const keys = path.endsWith('.json') || pattern === YAML;
  const parents: { indent: number; name: string }[] = [];
  const constants: Constant[] = [];
  for (const [line, content] of codeLines(path, text)) {
    const indent = content.search(/\S/);
    if (keys && indent !== -1) {
      while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop();
      const parent = /^\s*(?:-\s+)?"?([A-Za-z_][\w-]*)"?\s*:\s*(?:[{[]\s*)?$/.exec(content)?.[1];
      if (parent !== undefined) parents.push({ indent, name: parent });
    }
    const { name, before, written, after } = pattern.exec(content)?.groups ?? {};
    if (name === undefined || before === undefined || written === undefined || after === undefined) continue;
    const qualified = [...parents.map(parent => parent.name), name].join('.');
    constants.push({ path, name: qualified, line, before, written, after, ...readValue(written) });
  }
  return constants;
}

/** The lines with their index, without line endings; in Python, without lines inside triple-quoted strings. */
function* codeLines(path: string, text: string): Generator<[number, string]> {
  let quote: string | null = null;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (quote === null) yield [index, line];
    if (!path.endsWith('.py')) continue;
    for (const [mark] of line.matchAll(/"""|'''/g)) {
      if (quote === null) quote = mark;
      else if (quote === mark) quote = null;
    }
  }
}

function readValue(written: string): { value: number; notation: Notation } {
  if (/^(true|false)$/i.test(written)) return { value: /^t/i.test(written) ? 1 : 0, notation: 'boolean' };
  const [base, exponent] = written.replaceAll('_', '').split('**').map(Number);
  if (base !== undefined && exponent !== undefined) {
    return { value: base ** exponent, notation: base === 2 ? 'power' : 'int' };
  }
  const value = base ?? Number.NaN;
  if (!/^[\d_]+$/.test(written)) return { value, notation: 'float' };
  return { value, notation: value >= 16 && Number.isInteger(Math.log2(value)) ? 'power' : 'int' };
}

/** `value` in the constant's notation: `2**17` after `2**16`, `2e-3` after `1e-3`, `2_000` after `1_000`, `2.0` after `1.0`. */
export function formatValue(constant: Constant, value: number): string {
  const { written, notation } = constant;
  if (notation === 'boolean')
    return written.startsWith('T') || written.startsWith('F') ? pythonBoolean(value) : String(value === 1);
  const power = /^2(\s*\*\*\s*)\d+$/.exec(written)?.[1];
  if (power !== undefined) return `2${power}${Math.log2(value)}`;
  if (notation !== 'float') {
    const digits = String(value);
    return written.includes('_') ? digits.replace(/\B(?=(\d{3})+$)/g, '_') : digits;
  }
  const point = (digits: string) => (/\./.test(written) && !digits.includes('.') ? `${digits}.0` : digits);
  if (!/e/i.test(written)) return point(decimal(value));
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${point(mantissa)}e${exponent.replace('+', '')}`;
}

function pythonBoolean(value: number): string {
  return value === 1 ? 'True' : 'False';
}

/** Never has an exponent, because some YAML parsers read `5e-5` as text. */
function decimal(value: number): string {
  const digits = String(value);
  return digits.includes('e') ? value.toFixed(20).replace(/0+$/, '') : digits;
}
