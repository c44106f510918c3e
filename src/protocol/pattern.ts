/** `metric.pattern`, compiled so that matching takes time in proportion to the text, whatever the pattern and the text are. */
import { RE2JS, RE2JSSyntaxException } from 're2js';

export type Pattern =
  /** `find` returns what the group holds (empty if it took no part in the match), or null without a match. */
  | { kind: 'pattern'; find(text: string): string | null }
  /** `problem` is a phrase. */
  | { kind: 'problem'; problem: string };

/**
 * Compiles a regular expression with exactly one group. JavaScript's notation, without what cannot be matched in linear time: look-ahead
 * and back-references. Look-behind is fine unless it has groups.
 */
export function compilePattern(source: string): Pattern {
  try {
    const expression = RE2JS.compile(RE2JS.translateRegExp(source), RE2JS.LOOKBEHINDS);
    const groups = expression.groupCount();
    if (groups !== 1) return { kind: 'problem', problem: `it has ${groups} groups` };
    return {
      kind: 'pattern',
      find(text) {
        const matcher = expression.matcher(text);
        return matcher.find() ? (matcher.group(1) ?? '') : null;
      },
    };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const at = error.getPattern();
    const problem = `${error.getDescription()}${at ? ` at ${at}` : ''}; look-ahead and back-references are not supported`;
    return { kind: 'problem', problem };
  }
}
