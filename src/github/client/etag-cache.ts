/** Conditional requests: if nothing changed, GitHub answers 304, which does not count towards the rate limit. */

/** Size of the cache in characters. The least recently used responses are dropped first. */
const MAX_CHARACTERS = 20_000_000;

interface Cached {
  etag: string;
  headers: Headers;
  body: string;
}

/**
 * A `fetch` that sends the `etag` of the cached response with each request, and returns the cached response on 304.
 * Source: "Use conditional requests if appropriate" in GitHub's best practices for the REST API.
 */
export function withEtagCache(inner: typeof fetch): typeof fetch {
  const kept = new Map<string, Cached>();
  let characters = 0;

  function forget(key: string): void {
    characters -= kept.get(key)?.body.length ?? 0;
    kept.delete(key);
  }

  function keep(key: string, cached: Cached): void {
    forget(key);
    kept.set(key, cached);
    characters += cached.body.length;
    for (const oldest of kept.keys()) {
      if (characters <= MAX_CHARACTERS) return;
      forget(oldest);
    }
  }

  return async (url, init) => {
    const headers = new Headers(init?.headers);
    if ((init?.method ?? 'GET') !== 'GET') return inner(url, init);
    const key = `${headers.get('accept')} ${url}`;
    const known = kept.get(key);
    if (known) headers.set('if-none-match', known.etag);
    const response = await inner(url, { ...init, headers });
    if (response.status === 304 && known) {
      keep(key, known);
      return responseOf(known, url, response.headers.get('link'));
    }
    const etag = response.headers.get('etag');
    const isText = /json|text|vnd\.github/.test(response.headers.get('content-type') ?? '');
    if (response.status !== 200 || etag === null || !isText) return response;
    const fresh = { etag, headers: response.headers, body: await response.text() };
    keep(key, fresh);
    return responseOf(fresh, url, null);
  };
}

/** @param link the current link to the next page, if GitHub sent one: a full page stays the same when another follows it */
function responseOf({ headers, body }: Cached, url: string | URL | Request, link: string | null): Response {
  const plain = new Headers(headers);
  // The body is decoded by now.
  for (const name of ['content-encoding', 'content-length']) plain.delete(name);
  if (link !== null) plain.set('link', link);
  // Octokit takes the address of the next page from the response's own.
  return Object.defineProperty(new Response(body, { headers: plain }), 'url', { value: String(url) });
}
