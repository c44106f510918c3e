/** A view of code in which only code is left, so that it can be searched with simple expressions. */

export interface Grammar {
  /** What starts a comment that ends with the line; ` #` does so behind a blank. */
  comment: '#' | ' #' | '//';
  /** Marks around texts; the longest first. */
  quotes: readonly string[];
}

/** What brackets, separators and comments inside a text become. */
const INERT = '\x01';
const STRUCTURE = /[[\](){},;:=#/]/;

/**
 * The code with the same length and lines: comments and texts of several lines become blanks, and in other texts brackets and separators
 * become a control character.
 */
export function plainCode(code: string, grammar: Grammar): string {
  return view(code, grammar, (text, quote) => (text.includes('\n') ? blank(text) : inert(text, quote)));
}

/** The code without comments, with the same lines. */
export function withoutComments(code: string, grammar: Grammar): string {
  return view(code, grammar, text => text);
}

/** @param shown what becomes of a text in quotes */
function view(
  code: string,
  { comment, quotes }: Grammar,
  shown: (text: string, quote: string) => string,
): string {
  const startsComment = (i: number) =>
    code.startsWith(comment.trim(), i) && (comment !== ' #' || i === 0 || /\s/.test(code[i - 1] ?? ''));
  const parts: string[] = [];
  for (let i = 0; i < code.length; ) {
    const quote = quotes.find(mark => code.startsWith(mark, i));
    if (quote !== undefined) {
      const end = endOfText(code, i + quote.length, quote);
      // What follows a quote that is not closed cannot be told apart.
      const stop = end === -1 ? endOfLine(code, i) : end;
      const text = code.slice(i, stop);
      parts.push(end === -1 ? text : shown(text, quote));
      i = stop;
    } else if (startsComment(i)) {
      const stop = endOfLine(code, i);
      parts.push(blank(code.slice(i, stop)));
      i = stop;
    } else parts.push(code[i++] ?? '');
  }
  return parts.join('');
}

/** The end of the text that starts at `from`, behind its closing quote; -1 if it is not closed. One quote closes on the same line. */
function endOfText(code: string, from: number, quote: string): number {
  const isLong = quote.length === 3 || quote === '`';
  for (let i = from; i < code.length; i++) {
    if (code[i] === '\\') i++;
    else if (code.startsWith(quote, i)) return i + quote.length;
    else if (code[i] === '\n' && !isLong) return -1;
  }
  return isLong ? code.length : -1;
}

function endOfLine(code: string, from: number): number {
  const end = code.indexOf('\n', from);
  return end === -1 ? code.length : end;
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}

function inert(text: string, quote: string): string {
  const inner = text.slice(quote.length, -quote.length);
  return quote + [...inner].map(each => (STRUCTURE.test(each) ? INERT : each)).join('') + quote;
}
