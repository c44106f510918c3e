/** Reads YAML that strangers wrote. Its size, depth and aliases are bounded before anything is built from it. */
import { load, YAMLException } from 'js-yaml';

/** Characters. */
const MAX_LENGTH = 64 * 1024;
const MAX_DEPTH = 30;

export type Yaml =
  | { kind: 'value'; value: unknown }
  /** `line` counts from 1. */
  | { kind: 'problem'; line: number; expected: string; found: string };

/**
 * The value of a YAML text; null for one without content. With `aliases`, values may be shared: a few lines of aliases make a value that
 * takes for ever to walk or to print.
 */
export function readYaml(text: string, { aliases = 0 } = {}): Yaml {
  const problem = (line: number, expected: string, found: string): Yaml => ({
    kind: 'problem',
    line,
    expected,
    found,
  });
  if (text.length > MAX_LENGTH)
    return problem(1, `at most ${MAX_LENGTH} characters`, `${text.length} characters`);
  const plain = text.replace(/^\ufeff/, '');
  if (plain.split('\n').every(line => /^\s*(#.*)?$/.test(line))) return { kind: 'value', value: null };
  try {
    return { kind: 'value', value: load(plain, { maxDepth: MAX_DEPTH, maxAliases: aliases }) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = (error.mark?.line ?? 0) + 1;
    if (error.reason.includes('maxDepth')) return problem(line, `at most ${MAX_DEPTH} levels`, 'more');
    if (error.reason.includes('maxAliases'))
      return problem(
        line,
        'every value written out',
        aliases === 0 ? 'an alias (*)' : `more than ${aliases} aliases (*)`,
      );
    return problem(line, 'valid YAML', error.reason);
  }
}
