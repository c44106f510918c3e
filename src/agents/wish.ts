/** A person's idea for the built-in agent: `NAME = VALUE`, for a constant of the editable files. */
import type { Idea } from '../campaign/idea.ts';
import { quote } from '../text/markdown.ts';
import { tidyTitle } from './answer.ts';
import { editOf } from './constant-edit.ts';
import { type Constant, parseConstants } from './constants.ts';

/** Names that a refusal lists at most. */
const LISTED_NAMES = 12;

/** The idea that a person's words ask for, or why they cannot be made into one: a sentence that names what can. */
export function wishedIdea(
  wish: string,
  files: ReadonlyMap<string, string>,
): { kind: 'idea'; idea: Idea } | { kind: 'refused'; reason: string } {
  const constants = [...files].flatMap(([path, text]) => parseConstants(path, text));
  const [, name = '', written = ''] = /^\s*([A-Za-z_][\w.-]*)\s*=\s*(\S+)\s*$/.exec(wish) ?? [];
  const found = constants.filter(constant => constant.name === name || constant.name.endsWith(`.${name}`));
  const [constant] = found;
  if (!constant) return refused(`${understood(constants)} Found ${quote(wish)}.`);
  if (found.length > 1) {
    const places = found.map(each => `${quote(each.name)} in ${quote(each.path)}`).join(', ');
    return refused(`There are ${found.length} constants of that name: ${places}.`);
  }
  const text = files.get(constant.path) ?? '';
  if (written === constant.written || readAs(constant, written) === constant.value)
    return refused(`${quote(constant.name)} is ${quote(constant.written)} already.`);
  if (readAs(constant, written) === null)
    return refused(
      `${quote(constant.name)} is ${quote(constant.written)}; expected another value of that kind, found ${quote(written, 40)}.`,
    );
  const edit = editOf(constant, written, text);
  if (!edit) return refused(`The line of ${quote(constant.name)} is there more than once.`);
  const title = tidyTitle(`${constant.name} ${constant.written} → ${written}`);
  return { kind: 'idea', idea: { title, hypothesis: 'A person asked to try it.', edits: [edit] } };
}

/** The constant's value once `written` stands in its line; null where the line would hold no such constant any more. */
function readAs(constant: Constant, written: string): number | null {
  const line = constant.before + written + constant.after;
  const [read, another] = parseConstants(constant.path, line);
  const same = read !== undefined && another === undefined && read.written === written;
  return same && (read.notation === 'boolean') === (constant.notation === 'boolean') ? read.value : null;
}

function understood(constants: readonly Constant[]): string {
  const names = [...new Set(constants.map(({ name }) => name))];
  const more = names.length > LISTED_NAMES ? ` and ${names.length - LISTED_NAMES} more` : '';
  const known = names.slice(0, LISTED_NAMES).map(name => quote(name));
  return `The built-in agent understands \`NAME = VALUE\` for a constant of the editable files${known.length > 0 ? ` (${known.join(', ')}${more})` : ', and finds none there'}; a language model in the contract understands ideas in words.`;
}

function refused(reason: string): { kind: 'refused'; reason: string } {
  return { kind: 'refused', reason };
}
