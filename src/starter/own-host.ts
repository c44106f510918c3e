/**
 * Tells requests to a server on this machine from what other sites make a browser send there: a name that their DNS leads to this
 * machine, or a form that posts across sites.
 */

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether a `Host` header names this machine. */
export function isLoopback(host: string | null | undefined): boolean {
  return typeof host === 'string' && LOOPBACK.has(hostname(`http://${host}`) ?? '');
}

/** Whether a request comes from a page of the same server, or from no page at all. */
export function isSameOrigin(headers: {
  host: string | null;
  origin: string | null;
  site: string | null;
}): boolean {
  const { host, origin, site } = headers;
  if (origin !== null) return URL.canParse(origin) && new URL(origin).host === host;
  return site === null || site === 'same-origin' || site === 'none';
}

function hostname(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}
