/** What clients may call a ref or a file: names alone, and nothing else of git's syntax for revisions. */

const SYNTAX = /[\s:^~?*[\\]|\.\.|@\{|\p{Cc}/u;

/** Whether git would take `ref` for the full name of a ref. */
export function isRefName(ref: string): boolean {
  return /^refs\/[^/]+\/.+/.test(ref) && !SYNTAX.test(ref) && !/\/\/|\/\.|\.lock(\/|$)|[/.]$/.test(ref);
}

/** Whether `path` is that of a file or folder below a root: nothing that leads out of it, or that git would refuse. */
export function isTreePath(path: string): boolean {
  const isName = (part: string) => !['', '.', '..', '.git'].includes(part.toLowerCase());
  return !/\p{Cc}/u.test(path) && path.split('/').every(isName);
}
