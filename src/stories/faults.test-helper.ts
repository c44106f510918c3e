/** Requests of the App that change something on GitHub. */

/** Whether the request is one of the App's writes; getting a token is none. */
export function isWrite(request: Request): boolean {
  if (['GET', 'HEAD'].includes(request.method)) return false;
  if (new URL(request.url).pathname.endsWith('/access_tokens')) return false;
  return !/^token token-of-/i.test(request.headers.get('authorization') ?? '');
}
