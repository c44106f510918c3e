/** Reads an idea from a model's answer. */
import { z } from 'zod';
import { editSchema, type Idea, ideaSchema } from '../campaign/idea.ts';
import { normalPath } from '../protocol/path.ts';
import { visible } from '../protocol/visible.ts';

/** Looser than an idea's schema: what can be fixed without asking again, such as a long title, is fixed below. */
const answerSchema = z.object({
  title: z.string(),
  hypothesis: z.string().default(''),
  edits: z.array(z.object(editSchema.shape)).min(1).max(20),
});

/** The same as a JSON Schema, for endpoints that can enforce one. Strict mode demands that every key is required. */
export const ANSWER_JSON_SCHEMA = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    hypothesis: { type: 'string' },
    edits: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, search: { type: 'string' }, replace: { type: 'string' } },
        required: ['path', 'search', 'replace'],
        additionalProperties: false,
      },
    },
  },
  required: ['title', 'hypothesis', 'edits'],
  additionalProperties: false,
};

/** Every brace costs one attempt to parse an object, so an answer full of braces must not take minutes. */
const MAX_ATTEMPTS = 100;

/** The idea in `text`, which may be plain JSON, fenced, or preceded by prose; otherwise a sentence for the model. */
export function readAnswer(
  text: string,
): { kind: 'idea'; idea: Idea } | { kind: 'problem'; problem: string } {
  const objects = jsonObjects(text);
  const object = objects.findLast(candidate => 'edits' in candidate) ?? objects.at(-1);
  if (object === undefined) return { kind: 'problem', problem: 'expected one JSON object, found none' };
  const answer = answerSchema.safeParse(object);
  if (!answer.success) return { kind: 'problem', problem: z.prettifyError(answer.error) };
  const { hypothesis, edits } = answer.data;
  const idea = ideaSchema.safeParse({
    title: tidyTitle(answer.data.title),
    hypothesis: visible(visible(hypothesis).slice(0, 2000)),
    edits: edits.map(edit => ({ ...edit, path: normalPath(edit.path.replaceAll('\\', '/')) })),
  });
  if (!idea.success) return { kind: 'problem', problem: z.prettifyError(idea.error) };
  return { kind: 'idea', idea: idea.data };
}

/** One line of at most 80 characters without control characters. */
export function tidyTitle(title: string): string {
  const line = visible(title).replace(/\s+/g, ' ').trim();
  return visible(line.length <= 80 ? line : `${line.slice(0, 79).trimEnd()}…`);
}

/** The outermost JSON objects in `text`, in order. */
function jsonObjects(text: string): object[] {
  const objects: object[] = [];
  let start = text.indexOf('{');
  for (let attempt = 0; start !== -1 && attempt < MAX_ATTEMPTS; attempt++) {
    const end = closingBrace(text, start);
    const object = end === -1 ? null : parsed(text.slice(start, end + 1));
    if (object !== null) objects.push(object);
    start = text.indexOf('{', object === null ? start + 1 : end);
  }
  return objects;
}

/** Index of the brace that closes the object starting at `start`, ignoring braces inside strings; -1 if there is none. */
function closingBrace(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return i;
  }
  return -1;
}

function parsed(text: string): object | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
