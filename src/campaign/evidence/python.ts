/**
 * Python's tokens, as its reference manual defines them (chapter 2). Where two versions of Python read a text differently, or none reads it,
 * there are no tokens: nobody should call code shorter that reads as something else elsewhere.
 */

export interface Token {
  kind: 'name' | 'number' | 'operator' | 'string' | 'comment' | 'newline';
  /** As written; names as Python compares them (NFKC). */
  text: string;
  /** Whether it stands in a replacement field of an f-string. */
  inField: boolean;
  /** Of a string: whether it is an f-string or a t-string, whose fields follow it as tokens. */
  hasFields?: boolean;
}

/** Fields in strings in fields: Python allows more of them than people write. */
const MOST_NESTED = 20;
const NAME = /[\p{ID_Start}_]\p{ID_Continue}*/uy;
const NUMBER =
  /0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?/y;
const OPERATOR =
  /\*\*=|\/\/=|>>=|<<=|\.\.\.|->|:=|[!=<>+\-*/%&|^@]=|\*\*|\/\/|<<|>>|[-+*/%@&|^~<>()[\]{},:.;=]/y;
const LINE_END = /\r\n|\n|\r/y;
const COMMENT = /#[^\r\n]*/y;
const PREFIX = /^(?:[rub]|br|rb|[ft]r?|r[ft])$/i;
const OPENING = '([{';
const CLOSING = ')]}';
/** An encoding that is named (PEP 263) decides what the bytes of a comment are. */
const ENCODING = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;
const UTF_8 = /^utf[-_]?8$|^ascii$/i;

class Unreadable extends Error {}

/** All tokens but indentation; null where the text is no Python that all versions read alike. */
export function pythonTokens(text: string): Token[] | null {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const encodings = source.split(/\r\n|\n|\r/, 2).flatMap(line => ENCODING.exec(line)?.[1] ?? []);
  if (encodings.some(encoding => !UTF_8.test(encoding))) return null;
  const reader = new Reader(source);
  try {
    reader.readCode(0, false);
    return reader.tokens;
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

class Reader {
  readonly tokens: Token[] = [];
  readonly text: string;
  private nested = 0;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * Reads code from `at` on, to the end of the text; in a field, up to its closing brace, its conversion or its format. Returns where that is.
   */
  readCode(at: number, inField: boolean): number {
    const open: string[] = [];
    let i = at;
    while (i < this.text.length) {
      const character = this.text[i] ?? '';
      if (inField && open.length === 0 && this.endsField(i)) return i;
      if (' \t\f'.includes(character)) i++;
      else if (character === '#') i = this.readComment(i, inField);
      else if (character === '\\') i = this.end(LINE_END, i + 1);
      else if (character === '\n' || character === '\r') {
        if (open.length === 0 && !inField) this.add('newline', '\n', false);
        i = this.end(LINE_END, i);
      } else if (character === '"' || character === "'") i = this.readString(i, i, inField);
      else {
        const start = i;
        i = this.readWord(i, inField);
        const bracket = i === start + 1 ? character : '';
        if (bracket !== '' && OPENING.includes(bracket)) open.push(bracket);
        if (bracket !== '' && CLOSING.includes(bracket) && open.pop() !== OPENING[CLOSING.indexOf(bracket)])
          throw new Unreadable();
      }
    }
    if (inField || open.length > 0) throw new Unreadable();
    return i;
  }

  private readComment(start: number, inField: boolean): number {
    const end = this.end(COMMENT, start);
    this.add('comment', this.text.slice(start, end), inField);
    return end;
  }

  private endsField(i: number): boolean {
    const [character, next] = [this.text[i], this.text[i + 1]];
    return character === '}' || character === ':' || (character === '!' && next !== '=');
  }

  /** A name, a number or an operator, or a string with a prefix; returns where it ends. */
  private readWord(start: number, inField: boolean): number {
    const name = this.match(NAME, start);
    if (name !== null) {
      const end = start + name.length;
      if (PREFIX.test(name) && /["']/.test(this.text[end] ?? '')) return this.readString(start, end, inField);
      this.add('name', name.normalize('NFKC'), inField);
      return end;
    }
    for (const [kind, pattern] of [
      ['number', NUMBER],
      ['operator', OPERATOR],
    ] as const) {
      const found = this.match(pattern, start);
      if (found === null) continue;
      this.add(kind, found, inField);
      return start + found.length;
    }
    throw new Unreadable();
  }

  /** A string whose quotes begin at `quotes`, behind its prefix. */
  private readString(start: number, quotes: number, inField: boolean): number {
    const quote = this.text[quotes] ?? '';
    const mark = this.text.startsWith(quote.repeat(3), quotes) ? quote.repeat(3) : quote;
    const end = this.endOfString(quotes + mark.length, mark);
    const hasFields = /[ft]/i.test(this.text.slice(start, quotes));
    const string: Token = { kind: 'string', text: this.text.slice(start, end), inField, hasFields };
    this.tokens.push(string);
    if (!hasFields) return end;
    // Since Python 3.12 a field may hold the quotes of its string; before, they ended it.
    const isRaw = /r/i.test(this.text.slice(start, quotes));
    if (this.readParts(quotes + mark.length, mark, isRaw) !== end) throw new Unreadable();
    return end;
  }

  /** Where a string without fields ends; a backslash keeps what follows it from ending it, in raw strings, too. */
  private endOfString(at: number, mark: string): number {
    for (let i = at; i < this.text.length; i++) {
      const character = this.text[i];
      if (character === '\\') i += this.text.startsWith('\r\n', i + 1) ? 2 : 1;
      else if (mark.length === 1 && (character === '\n' || character === '\r')) break;
      else if (this.text.startsWith(mark, i)) return i + mark.length;
    }
    throw new Unreadable();
  }

  /** The text and the fields of an f-string; returns where it ends. */
  private readParts(at: number, mark: string, isRaw: boolean): number {
    let i = at;
    while (i < this.text.length) {
      if (this.text.startsWith(mark, i)) return i + mark.length;
      const character = this.text[i];
      if (character === '{' || character === '}') {
        if (this.text[i + 1] === character) i += 2;
        else if (character === '{') i = this.readField(i + 1, mark, isRaw);
        else throw new Unreadable();
      } else i = this.afterCharacter(i, isRaw);
    }
    throw new Unreadable();
  }

  /** A field behind its opening brace, with what it is formatted by; returns where it ends. */
  private readField(at: number, mark: string, isRaw: boolean): number {
    if (++this.nested > MOST_NESTED) throw new Unreadable();
    let i = this.readCode(at, true);
    if (this.text[i] === '!') {
      const conversion = this.match(NAME, i + 1);
      if (conversion === null) throw new Unreadable();
      i += 1 + conversion.length;
    }
    if (this.text[i] === ':') {
      i++;
      while (this.text[i] !== '}') {
        // A doubled brace means one thing to some versions and another to others.
        if (i >= this.text.length || this.text.startsWith('{{', i) || this.text.startsWith(mark, i))
          throw new Unreadable();
        i = this.text[i] === '{' ? this.readField(i + 1, mark, isRaw) : this.afterCharacter(i, isRaw);
      }
    }
    if (this.text[i] !== '}') throw new Unreadable();
    this.nested--;
    return i + 1;
  }

  /** Past one character of an f-string's text, or what a backslash stands before; `\N{DASH}` is no field. */
  private afterCharacter(i: number, isRaw: boolean): number {
    if (this.text[i] !== '\\') return i + 1;
    if (!isRaw && this.text.startsWith('\\N{', i)) {
      const end = this.text.indexOf('}', i);
      if (end === -1) throw new Unreadable();
      return end + 1;
    }
    if (this.text[i + 1] === '{' || this.text[i + 1] === '}') return i + 1;
    return i + (this.text.startsWith('\r\n', i + 1) ? 3 : 2);
  }

  private add(kind: Token['kind'], text: string, inField: boolean): void {
    this.tokens.push({ kind, text, inField });
  }

  private match(pattern: RegExp, at: number): string | null {
    pattern.lastIndex = at;
    return pattern.exec(this.text)?.[0] ?? null;
  }

  /** Where what has to stand at `at` ends. */
  private end(pattern: RegExp, at: number): number {
    const found = this.match(pattern, at);
    if (found === null) throw new Unreadable();
    return at + found.length;
  }
}
