/** Requested ideas for the built-in agent: `NAME = VALUE`, or `NAME: VALUE`, for a constant in the editable files. */
import type { Idea } from '../campaign/idea.ts';
import { suggest } from '../protocol/suggest.ts';
import { quote } from '../text/markdown.ts';
import { tidyTitle } from './answer.ts';
import { editOf } from './constant-edit.ts';
import { type Constant, parseConstants } from './constants.ts';
import { readLiteral } from './literal.ts';

/** The requested idea, or a sentence that says why it cannot be tried and what can. */
export function wishedIdea(
  wish: string,
  files: ReadonlyMap<string, string>,
): { kind: 'idea'; idea: Idea } | { kind: 'refused'; reason: string } {
  const constants = [...files].flatMap(([path, text]) => parseConstants(path, text));
  const [, name = '', written = ''] = /^([A-Za-z_][\w.[\]-]*)\s*[=:]\s*(\S.*)$/.exec(wish.trim()) ?? [];
  const found = constants.filter(constant => constant.name === name || constant.name.endsWith(`.${name}`));
  const [constant] = found;
  if (!constant)
    return refused(
      `Cannot turn ${quote(wish)} into an edit.${nearest(name, constants)} ${supported(constants)}`,
    );
  if (found.length > 1) {
    const places = found.map(each => `${quote(each.name)} in ${quote(each.path)}`).join(', ');
    return refused(`${quote(name)} is ambiguous: ${places}. Use the longer name.`);
  }
  const text = files.get(constant.path) ?? '';
  if (written === constant.written || readAs(constant, written) === constant.value)
    return refused(`${quote(constant.name)} is already ${quote(constant.written)}.`);
  if (readAs(constant, written) === null)
    return refused(
      `${quote(constant.name)} is ${quote(constant.written)}. Expected another value of the same kind, found ${quote(written, 40)}.`,
    );
  const edit = editOf(constant, written, text);
  if (!edit)
    return refused(`The line with ${quote(constant.name)} is not unique in ${quote(constant.path)}.`);
  const title = tidyTitle(`${constant.name} ${constant.written} → ${written}`);
  return { kind: 'idea', idea: { title, hypothesis: 'Requested by a person.', edits: [edit] } };
}

/** The constant's value after the edit; null if it would no longer be a constant of that kind. */
function readAs(constant: Constant, written: string): number | null {
  const read = readLiteral(written);
  const same = read !== null && read.written === written;
  return same && (read.notation === 'boolean') === (constant.notation === 'boolean') ? read.value : null;
}

function nearest(name: string, constants: readonly Constant[]): string {
  const byName = new Map(constants.map(constant => [constant.name.toLowerCase(), constant.name]));
  const near = byName.get(suggest(name, [...byName.keys()]) ?? '');
  return near === undefined ? '' : ` Did you mean ${quote(near)}?`;
}

function supported(constants: readonly Constant[]): string {
  const names = [...new Set(constants.map(({ name }) => name))];
  const known = names.map(name => quote(name));
  const listed = known.length > 0 ? ` (${known.join(', ')})` : ', and there are none';
  return `The built-in agent takes \`NAME = VALUE\` for a constant in the editable files${listed}. Ideas in plain language need a language model in the contract.`;
}

function refused(reason: string): { kind: 'refused'; reason: string } {
  return { kind: 'refused', reason };
}
