/** Parses `.github/research.yml`. Every problem says where it is, what was expected and what was found. */
import { EVENT_ID, type Event, getScalarValue, parseEvents } from 'js-yaml';
import { z } from 'zod';
import { CONTRACT_PATH, type Contract, contractSchema } from './contract.ts';
import { suggest } from './suggest.ts';
import { visible } from './visible.ts';
import { readYaml } from './yaml.ts';

const MOST_SHOWN = 10;
/** Of a key or a value in a problem. */
const MOST_CHARACTERS = 80;

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
  const yaml = readYaml(text);
  if (yaml.kind === 'problem') return problems([{ ...yaml, key: '' }]);
  const parsed = contractSchema.safeParse(yaml.value ?? {}, { reportInput: true });
  if (!parsed.success) return problems(explainAll(parsed.error.issues, linesOfKeys(text)));
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

type Issue = z.core.$ZodIssue;

/** The first problems, and how many more there are. */
function explainAll(issues: readonly Issue[], lines: ReadonlyMap<string, number>): ContractProblem[] {
  const all = issues.flatMap((issue): (() => ContractProblem)[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map(unknown => () => explainUnknown(issue, unknown, lines))
      : [() => explain(issue, lines)],
  );
  const shown = all.slice(0, MOST_SHOWN).map(explained => explained());
  const more = all.length - shown.length;
  const line = shown.at(-1)?.line ?? 1;
  return more === 0
    ? shown
    : [...shown, { line, key: '', expected: 'no more problems', found: `${more} more` }];
}

function explain(issue: Issue, lines: ReadonlyMap<string, number>): ContractProblem {
  const line = nearestLine(issue.path, lines);
  return { line, key: keyOf(issue.path), expected: expectation(issue), found: show(issue.input) };
}

function explainUnknown(
  { path: parent, input }: Issue,
  unknown: string,
  lines: ReadonlyMap<string, number>,
): ContractProblem {
  const path = [...parent, unknown];
  const siblings = knownKeys(parent, input);
  const near = suggest(unknown.slice(0, MOST_CHARACTERS), siblings);
  return {
    line: nearestLine(path, lines),
    key: keyOf(path),
    expected: near ? `a known key (did you mean ${near}?)` : `one of the keys ${siblings.join(', ')}`,
    found: unknown.slice(0, MOST_CHARACTERS),
  };
}

function keyOf(path: readonly PropertyKey[]): string {
  return path.map(part => String(part).slice(0, MOST_CHARACTERS)).join('.');
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
  return JSON.stringify(value).slice(0, MOST_CHARACTERS);
}

/** The keys that the schema has at `path`, where it was given `value`, for "did you mean". */
function knownKeys(path: readonly PropertyKey[], value: unknown): string[] {
  let schemas: unknown[] = [contractSchema];
  for (const part of path) schemas = schemas.flatMap(schema => childrenOf(schema, part));
  const shapes = schemas.flatMap(schema => alternatives(schema)).map(shapeOf);
  const fitting = shapes.filter(shape => fits(shape, value));
  return [...new Set((fitting.length > 0 ? fitting : shapes).flatMap(shape => Object.keys(shape)))];
}

function childrenOf(schema: unknown, part: PropertyKey): unknown[] {
  // `unwrap` strips lists too.
  if (typeof part === 'number') return [schema];
  return alternatives(schema).flatMap(inner => shapeOf(inner)[part] ?? []);
}

/** The schemas of a union, or the one schema. */
function alternatives(schema: unknown): unknown[] {
  const inner = unwrap(schema);
  const isUnion = typeof inner === 'object' && inner !== null && 'options' in inner;
  return isUnion && Array.isArray(inner.options) ? inner.options.map(unwrap) : [inner];
}

function shapeOf(schema: unknown): Record<PropertyKey, unknown> {
  return typeof schema === 'object' && schema !== null && 'shape' in schema
    ? (schema.shape as Record<PropertyKey, unknown>)
    : {};
}

/** Whether a value is of that kind of agent. */
function fits({ use }: Record<PropertyKey, unknown>, value: unknown): boolean {
  return use instanceof z.ZodLiteral && typeof value === 'object' && value !== null && 'use' in value
    ? use.safeParse(value.use).success
    : true;
}

/** Strips `.default()`, `.prefault()`, `.optional()`, `.transform()` and `.array()`. */
function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (typeof inner === 'object' && inner !== null) {
    if ('unwrap' in inner && typeof inner.unwrap === 'function') inner = (inner.unwrap as () => unknown)();
    else if ('in' in inner) inner = inner.in;
    else break;
  }
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
  let counted = { offset: 0, line: 1 };
  // Offsets grow, so every character is looked at once.
  const lineAt = (offset: number) => {
    if (offset > counted.offset)
      counted = { offset, line: counted.line + text.slice(counted.offset, offset).split('\n').length - 1 };
    return counted.line;
  };
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
