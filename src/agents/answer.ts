/** Reads an idea from a model's answer. */
import { z } from 'zod';
import { type Idea, ideaSchema } from '../campaign/idea.ts';
import { normalPath } from '../protocol/path.ts';
import { visible } from '../protocol/visible.ts';
import { findObject, parsed, repairedValue } from './find-object.ts';

/** Most edits of an idea. */
const MOST_EDITS = 20;

/** Lines instead of a text. */
const textSchema = z.preprocess(
  value => (Array.isArray(value) && value.every(line => typeof line === 'string') ? value.join('\n') : value),
  z.string(),
);

/** Looser than an idea's schema: what can be fixed without asking again, such as a long title, is fixed below. */
const answerSchema = z.object({
  title: z.string(),
  hypothesis: z.string().nullish(),
  edits: z.preprocess(
    asList,
    z
      .array(z.object({ path: z.string(), search: textSchema, replace: textSchema }))
      .min(1)
      .max(MOST_EDITS),
  ),
});

/** A list that was written as text, or a single edit without its list. */
function asList(value: unknown): unknown {
  const list = typeof value === 'string' ? (parsed(value) ?? repairedValue(value) ?? value) : value;
  return typeof list === 'object' && list !== null && !Array.isArray(list) ? [list] : list;
}

/** The same as a JSON Schema, for endpoints that can enforce one. Strict mode demands that every key is required. */
export function answerJsonSchema(paths: readonly string[]) {
  return {
    type: 'object',
    properties: {
      title: { type: 'string' },
      hypothesis: { type: 'string' },
      edits: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            path: { type: 'string', enum: [...paths] },
            search: { type: 'string' },
            replace: { type: 'string' },
          },
          required: ['path', 'search', 'replace'],
          additionalProperties: false,
        },
      },
    },
    required: ['title', 'hypothesis', 'edits'],
    additionalProperties: false,
  };
}

/** The idea in a model's answer; otherwise a sentence for the model. `paths` are the files that it may edit. */
export function readAnswer(
  text: string,
  paths: readonly string[],
): { kind: 'idea'; idea: Idea } | { kind: 'problem'; problem: string } {
  const found = findObject(text);
  if (found.kind === 'problem') return found;
  const answer = answerSchema.safeParse(found.object, { reportInput: true });
  if (!answer.success) return { kind: 'problem', problem: explain(answer.error, found.object) };
  const { hypothesis, edits } = answer.data;
  const idea = ideaSchema.safeParse({
    title: tidyTitle(answer.data.title),
    hypothesis: visible(visible(hypothesis ?? '').slice(0, 2000)),
    edits: edits.map(edit => ({ ...edit, path: pathOf(edit.path, paths) })),
  });
  if (!idea.success) return { kind: 'problem', problem: explain(idea.error, found.object) };
  return { kind: 'idea', idea: idea.data };
}

/** What a model copies from an example in place of a path. */
const PLACEHOLDER = /^(?:[.…<>\s]*|<?(?:path|file|filename)>?|path\/to\/.*)$/i;

/** The editable path that is meant: `./train.py`, `src\\train.py`, or only the end or more than all of it. */
function pathOf(written: string, paths: readonly string[]): string {
  const path = normalPath(written.trim().replaceAll('\\', '/').replace(/^\/+/, ''));
  if (paths.includes(path)) return path;
  const [only, another] = PLACEHOLDER.test(written)
    ? paths
    : paths.filter(each => each.endsWith(`/${path}`) || path.endsWith(`/${each}`));
  return only !== undefined && another === undefined ? only : path;
}

/** The first thing that is wrong, with its place, what was expected and what was found. */
function explain({ issues }: z.ZodError, object: object): string {
  const [issue] = issues;
  if (issue === undefined) return 'the object cannot be read';
  const place = issue.path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
  const expected = expectation(issue);
  const found = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input)?.slice(0, 100);
  const around = issue.path.slice(0, -1).reduce<unknown>((value, part) => childOf(value, part), object);
  const keys =
    issue.input === undefined && typeof around === 'object' && around !== null
      ? `; the keys there are ${Object.keys(around).slice(0, 8).join(', ')}`
      : '';
  return `${place}: expected ${expected}, found ${found}${keys}`;
}

function childOf(value: unknown, part: PropertyKey): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<PropertyKey, unknown>)[part]
    : undefined;
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return issue.expected === 'string' ? 'a text' : `an ${issue.expected}`;
  if (issue.code === 'too_small')
    return issue.origin === 'array' ? 'at least one edit' : 'a text that is not empty';
  if (issue.code === 'too_big')
    return issue.origin === 'array' ? `at most ${MOST_EDITS} edits` : 'a shorter text';
  return issue.message;
}

/** One line of at most 80 characters without control characters. */
export function tidyTitle(title: string): string {
  const line = visible(title).replace(/\s+/g, ' ').trim();
  return visible(line.length <= 80 ? line : `${line.slice(0, 79).trimEnd()}…`);
}
