/** Questions whose answer is known: GitHub says that nothing changed, and does not count that against the limit on requests. */

/** So many characters of answers are kept; those that were not asked for longest go first. */
const KEPT_CHARACTERS = 20_000_000;

interface Answer {
  etag: string;
  headers: Headers;
  body: string;
}

/**
 * A `fetch` that sends the `etag` of the answer it has with every question, and gives that answer where GitHub says 304.
 * Source: "Use conditional requests if appropriate" in GitHub's best practices for the REST API.
 */
export function withMemory(inner: typeof fetch): typeof fetch {
  const kept = new Map<string, Answer>();
  let characters = 0;

  function forget(key: string): void {
    characters -= kept.get(key)?.body.length ?? 0;
    kept.delete(key);
  }

  function keep(key: string, answer: Answer): void {
    forget(key);
    kept.set(key, answer);
    characters += answer.body.length;
    for (const oldest of kept.keys()) {
      if (characters <= KEPT_CHARACTERS) return;
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
      return answerOf(known, url, response.headers.get('link'));
    }
    const etag = response.headers.get('etag');
    const isText = /json|text|vnd\.github/.test(response.headers.get('content-type') ?? '');
    if (response.status !== 200 || etag === null || !isText) return response;
    const answer = { etag, headers: response.headers, body: await response.text() };
    keep(key, answer);
    return answerOf(answer, url, null);
  };
}

/** @param link where the next page is by now, if GitHub said it: a full page stays the same when another follows it */
function answerOf({ headers, body }: Answer, url: string | URL | Request, link: string | null): Response {
  const plain = new Headers(headers);
  // The body is not as it was sent any more.
  for (const name of ['content-encoding', 'content-length']) plain.delete(name);
  if (link !== null) plain.set('link', link);
  // Octokit reads the address of the next page from that of the answer.
  return Object.defineProperty(new Response(body, { headers: plain }), 'url', { value: String(url) });
}
