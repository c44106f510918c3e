/** Paths in a contract and in ideas. */
import { isVisible } from './visible.ts';

/** The same path as git writes it: `./a//b/` is `a/b`. The whole repository is `.`. */
export function normalPath(path: string): string {
  const parts = path.split('/').filter(part => part !== '' && part !== '.');
  return parts.length === 0 ? '.' : parts.join('/');
}

/** What is wrong with a path of one file inside `place`, as what was expected; null if nothing is. */
export function pathProblem(path: string, place: string): string | null {
  if (!isVisible(path)) return 'a path without control characters';
  if (path.includes('\\')) return `slashes instead of backslashes: ${path.replaceAll('\\', '/')}`;
  const parts = path.split('/');
  if (/^[/~]|^[A-Za-z]:/.test(path) || parts.includes('..')) return `a path inside ${place}`;
  if (/[*?]|^!|\{[^{}]*,/.test(path))
    return 'the path of one file, not a pattern: list every file, such as src/train.py';
  if (normalPath(path) === '.')
    return `the path of one file, not all of ${place}: list every file, such as src/train.py`;
  if (parts.some(part => part.toLowerCase() === '.git')) return 'a path outside .git';
  return null;
}
