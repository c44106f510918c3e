/** Parses `.github/research.yml`. Every problem says where it is, what was expected and what was found. */
import { EVENT_ID, type Event, getScalarValue, load, parseEvents, YAMLException } from 'js-yaml';
import type { z } from 'zod';
import { CONTRACT_PATH, type Contract, contractSchema } from './contract.ts';
import { suggest } from './suggest.ts';
import { visible } from './visible.ts';

export interface ContractProblem {
  /** Counting from 1. */
  line: number;
  /** Such as `trial.budget`; empty for the whole file. */
  key: string;
  expected: string;
  found: string;
}

export type ContractFile =
  | { kind: 'contract'; contract: Contract }
  | { kind: 'problems'; problems: ContractProblem[] };

/** Parses the text of a contract. An empty file is a contract with all defaults. */
export function parseContract(text: string): ContractFile {
  let value: unknown;
  try {
    value = isBlank(text) ? {} : load(text);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = (error.mark?.line ?? 0) + 1;
    return problems([{ line, key: '', expected: 'valid YAML', found: error.reason }]);
  }
  const parsed = contractSchema.safeParse(value ?? {}, { reportInput: true });
  if (!parsed.success) {
    const lines = linesOfKeys(text);
    return problems(parsed.error.issues.flatMap(issue => explain(issue, lines)));
  }
  const names = parsed.data.agents.map(agent => agent.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    const line = linesOfKeys(text).get('agents') ?? 1;
    return problems([
      { line, key: 'agents', expected: 'a unique name for every agent', found: `${twice} twice` },
    ]);
  }
  return { kind: 'contract', contract: parsed.data };
}

/** A problem as one line: `file:line: key: expected …, found …`. */
export function describeProblem(problem: ContractProblem): string {
  const where = `${CONTRACT_PATH}:${problem.line}`;
  const key = problem.key === '' ? '' : `${problem.key}: `;
  return visible(`${where}: ${key}expected ${problem.expected}, found ${problem.found}`);
}

function problems(found: ContractProblem[]): ContractFile {
  return { kind: 'problems', problems: found };
}

function isBlank(text: string): boolean {
  return text.split('\n').every(line => /^\s*(#.*)?$/.test(line));
}

type Issue = z.core.$ZodIssue;

function explain(issue: Issue, lines: ReadonlyMap<string, number>): ContractProblem[] {
  const key = issue.path.join('.');
  const line = nearestLine(issue.path, lines);
  if (issue.code !== 'unrecognized_keys')
    return [{ line, key, expected: expectation(issue), found: show(issue.input) }];
  return issue.keys.map(unknown => {
    const path = [...issue.path, unknown];
    const siblings = knownKeys(issue.path);
    const near = suggest(unknown, siblings);
    return {
      line: nearestLine(path, lines),
      key: path.join('.'),
      expected: near ? `a known key (did you mean ${near}?)` : `one of the keys ${siblings.join(', ')}`,
      found: unknown,
    };
  });
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int'
        ? 'a whole number'
        : `${/^[aeio]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${issue.origin === 'number' || issue.origin === 'int' ? 'a number' : 'a length'} ${issue.inclusive ? 'of at least' : 'above'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.origin === 'number' || issue.origin === 'int' ? 'a number' : 'a length'} ${issue.inclusive ? 'of at most' : 'below'} ${issue.maximum}`;
    case 'invalid_union':
      return 'one of openai, explore';
    default:
      return issue.message.replace(/^expected /, '');
  }
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  return JSON.stringify(value).slice(0, 80);
}

/** The keys that the schema has at `path`, for "did you mean". */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = contractSchema;
  for (const part of path) schema = child(schema, part);
  const shape = unwrap(schema);
  return typeof shape === 'object' && shape !== null && 'shape' in shape
    ? Object.keys(shape.shape as object)
    : [];
}

function child(schema: unknown, part: PropertyKey): unknown {
  const inner = unwrap(schema);
  if (typeof inner !== 'object' || inner === null) return undefined;
  if ('shape' in inner) return (inner.shape as Record<PropertyKey, unknown>)[part];
  return undefined;
}

/** Strips `.default()`, `.prefault()` and `.optional()`. */
function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (
    typeof inner === 'object' &&
    inner !== null &&
    'unwrap' in inner &&
    typeof inner.unwrap === 'function'
  )
    inner = (inner.unwrap as () => unknown)();
  return inner;
}

function nearestLine(path: readonly PropertyKey[], lines: ReadonlyMap<string, number>): number {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(path.slice(0, length).join('.'));
    if (line !== undefined) return line;
  }
  return 1;
}

/** The line, counting from 1, of every key and list item in a YAML text, by dotted path. */
function linesOfKeys(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const events = parseEvents(text, {});
  let next = 0;
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const startOf = (event: Event | undefined) =>
    event === undefined
      ? -1
      : event.type === EVENT_ID.SCALAR
        ? event.valueStart
        : 'start' in event
          ? event.start
          : -1;

  const read = (path: string): void => {
    const event = events[next++];
    if (event?.type === EVENT_ID.MAPPING) {
      for (; events[next]?.type !== EVENT_ID.POP && next < events.length; ) {
        const key = events[next++];
        if (key?.type !== EVENT_ID.SCALAR) return;
        const name = `${path}${path === '' ? '' : '.'}${getScalarValue(text, key)}`;
        lines.set(name, lineAt(key.valueStart));
        read(name);
      }
      next++;
    } else if (event?.type === EVENT_ID.SEQUENCE) {
      for (let i = 0; events[next]?.type !== EVENT_ID.POP && next < events.length; i++) {
        lines.set(`${path}.${i}`, lineAt(startOf(events[next])));
        read(`${path}.${i}`);
      }
      next++;
    }
  };
  if (events[next]?.type === EVENT_ID.DOCUMENT) next++;
  read('');
  return lines;
}
