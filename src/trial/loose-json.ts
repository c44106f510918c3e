/** Reads JSON as programs write it: with a byte order mark, in UTF-16, with NaN, with a comma too many, or one value a line. */

/** A string, or a word that only some programs take for a number, or a comma before a bracket. */
const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|-?\b(?:NaN|Infinity|nan|inf)\b|,(?=\s*[}\]])/g;

/** The text in UTF-8 or UTF-16, without its byte order mark. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

/** The value of a text, or those of its lines if each is a value. Words such as NaN become strings. Throws a SyntaxError. */
export function parseJson(text: string): unknown[] {
  const plain = text.replace(TOKENS, token => {
    if (token.startsWith('"')) return token;
    return token === ',' ? '' : JSON.stringify(token);
  });
  try {
    return [JSON.parse(plain)];
  } catch (error) {
    const lines = plain.split('\n').filter(line => line.trim() !== '');
    if (lines.length < 2) throw error;
    return lines.map(line => JSON.parse(line));
  }
}
