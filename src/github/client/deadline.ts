/** An answer that never ends: a repository whose requests hang is asked again, rather than never. */

/** For one request with its whole answer. GitHub ends its own after 10 s. */
const REQUEST_SECONDS = 120;

/** A `fetch` that is aborted, also while its answer is being read, when its time is up. */
export function withDeadline(inner: typeof fetch, seconds = REQUEST_SECONDS): typeof fetch {
  return (url, init) => {
    const deadline = AbortSignal.timeout(seconds * 1000);
    return inner(url, {
      ...init,
      signal: init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline,
    });
  };
}
