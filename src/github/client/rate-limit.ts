/** GitHub's limits on requests: once it asks to be left alone, nothing is asked of it before that time has passed. */

/** Whether GitHub wants to be left alone; one for all clients of an installation, because it counts their requests together. */
export interface Quiet {
  /** Seconds that are left; 0 where there is no limit. */
  seconds(): number;
  /** Notes that GitHub wants `seconds` without a request from now on. */
  keep(seconds: number): void;
}

/** What GitHub's documentation asks for where a limit names no time. */
const UNNAMED_SECONDS = 60;
/** A limit on requests ends within the hour: a longer one is a mistake, and asked about again. */
const LONGEST_SECONDS = 3600;

export function createQuiet(): Quiet {
  let until = 0;
  return {
    seconds: () => Math.max(0, (until - Date.now()) / 1000),
    keep: seconds => {
      until = Math.max(until, Date.now() + Math.min(seconds, LONGEST_SECONDS) * 1000);
    },
  };
}

/**
 * A `fetch` that asks nothing while there is a limit. Every limit, and every request that was kept back, is answered as 429 with
 * `retry-after`, so that nobody takes the 403 that GitHub gives some of them for a refusal.
 */
export function withLimits(inner: typeof fetch, quiet: Quiet): typeof fetch {
  return async (url, init) => {
    if (quiet.seconds() > 0) return limited(quiet, 'A request was kept back: GitHub wants to be left alone.');
    const response = await inner(url, init);
    const seconds = await limitOf(response);
    if (seconds === null) return response;
    quiet.keep(seconds);
    return limited(quiet, 'GitHub limits the number of requests.');
  };
}

/**
 * For how long GitHub wants no requests, in seconds; null where it says nothing of the kind.
 * Source: "Rate limits for the REST API" in GitHub's documentation: `retry-after`, else `x-ratelimit-reset` where nothing remains, else a minute.
 */
async function limitOf(response: Response): Promise<number | null> {
  if (response.status !== 403 && response.status !== 429) return null;
  const { headers } = response;
  const after = Number.parseFloat(headers.get('retry-after') ?? '');
  if (after >= 0) return after;
  if (headers.get('x-ratelimit-remaining') === '0') {
    const reset = Number(headers.get('x-ratelimit-reset')) * 1000;
    // A second more, because the header has whole seconds.
    return reset > 0 ? Math.max(0, (reset - Date.now()) / 1000) + 1 : UNNAMED_SECONDS;
  }
  const words = await response.clone().text();
  return response.status === 429 || /rate limit|abuse detection/i.test(words) ? UNNAMED_SECONDS : null;
}

function limited(quiet: Quiet, message: string): Response {
  return Response.json(
    { message },
    { status: 429, headers: { 'retry-after': String(Math.ceil(quiet.seconds())) } },
  );
}
