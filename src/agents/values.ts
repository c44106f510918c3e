/** The literals in a value: the value itself, or the elements of a tuple, list or dictionary, however deep. */
import { readLiteral } from './literal.ts';

export interface Found {
  /** `BETAS[0]`, `CONFIG.lr` */
  name: string;
  start: number;
  end: number;
}

const BRACKETS: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
/** What may precede a bracket: nothing, a reference, or the name of what is built, such as `dict`, `vec!` or `Config`. */
const OPENING = /^&?\s*(?<callee>[A-Za-z_][\w.:]*!?)?\s*(?<bracket>[([{])/;
/** Builders whose plain arguments are elements. For any other, only named arguments are settings. */
const COLLECTIONS = /^(?:dict|list|tuple|set|frozenset|vec!)$/;
const KEY =
  /^\s*(?:"(?<double>[\w.-]+)"|'(?<single>[\w.-]+)'|(?<bare>[A-Za-z_][\w-]*))\s*(?::(?!:)|=(?![=>]))\s*/;
const MOST_NESTED = 5;

/** @param code as {@link plainCode} leaves it; the value is from `start` to `end`, and `name` is what it is assigned to */
export function* literalsIn(
  code: string,
  start: number,
  end: number,
  name: string,
  depth = 0,
): Generator<Found> {
  const value = code.slice(start, end);
  const from = start + (value.length - value.trimStart().length);
  const trimmed = value.trim();
  const literal = readLiteral(trimmed);
  if (literal !== null) yield { name, start: from, end: from + literal.written.length };
  const opening = OPENING.exec(trimmed);
  if (literal !== null || opening === null || depth >= MOST_NESTED) return;
  const { callee, bracket = '' } = opening.groups ?? {};
  const isClosed = trimmed.endsWith(BRACKETS[bracket] ?? '');
  const inside = from + opening[0].length;
  const isCollection = callee === undefined || COLLECTIONS.test(callee);
  // `(2 + 3) * (4 + 5)` is no tuple.
  const items = itemsOf(code, inside, from + trimmed.length - (isClosed ? 1 : 0));
  if (items === null || (bracket === '(' && isCollection && callee === undefined && items.length < 2)) return;
  for (const [i, item] of items.entries()) {
    const key = KEY.exec(code.slice(item.start, item.end));
    const { double, single, bare } = key?.groups ?? {};
    const named = double ?? single ?? bare;
    if (named === undefined && !isCollection) continue;
    const itemName = named === undefined ? `${name}[${i}]` : `${name}.${named}`;
    yield* literalsIn(code, item.start + (key?.[0].length ?? 0), item.end, itemName, depth + 1);
  }
}

/** The parts between commas that no inner bracket encloses; null if the brackets do not fit. */
function itemsOf(code: string, start: number, end: number): { start: number; end: number }[] | null {
  const items: { start: number; end: number }[] = [];
  let depth = 0;
  let from = start;
  for (let i = start; i <= end; i++) {
    const character = i === end ? ',' : (code[i] ?? '');
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && --depth < 0) return null;
    if (character !== ',' || (depth > 0 && i < end)) continue;
    if (code.slice(from, i).trim() !== '') items.push({ start: from, end: i });
    from = i + 1;
  }
  return items;
}
