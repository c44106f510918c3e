/** GitHub's rate limits: once one is reached, no request is sent before it ends. */

/** Until when no requests may be sent; shared by all clients of an installation, because GitHub counts their requests together. */
export interface RateLimit {
  /** Seconds until the limit ends; 0 without one. */
  seconds(): number;
  /** Sends no requests for that many seconds from now. */
  extend(seconds: number): void;
}

/** The wait that GitHub's documentation asks for if a limit names no time. */
const UNNAMED_SECONDS = 60;
/** A rate limit ends within the hour: a longer wait is a mistake, so GitHub is asked again. */
const LONGEST_SECONDS = 3600;

export function createRateLimit(): RateLimit {
  let until = 0;
  return {
    seconds: () => Math.max(0, (until - Date.now()) / 1000),
    extend: seconds => {
      until = Math.max(until, Date.now() + Math.min(seconds, LONGEST_SECONDS) * 1000);
    },
  };
}

/**
 * A `fetch` that sends nothing until a limit has ended. Limits and unsent requests are always reported as 429 with `retry-after`:
 * GitHub uses 403 for some limits, which would look like a missing permission.
 */
export function withRateLimit(inner: typeof fetch, limit: RateLimit): typeof fetch {
  return async (url, init) => {
    if (limit.seconds() > 0) return limited(limit, "Request not sent: GitHub's rate limit was reached.");
    const response = await inner(url, init);
    const seconds = await limitOf(response);
    if (seconds === null) return response;
    limit.extend(seconds);
    return limited(limit, "GitHub's rate limit was reached.");
  };
}

/**
 * Seconds until the limit ends; null if the response is not a limit.
 * Source: "Rate limits for the REST API" in GitHub's documentation: `retry-after`, else `x-ratelimit-reset` if nothing remains, else a minute.
 */
async function limitOf(response: Response): Promise<number | null> {
  if (response.status !== 403 && response.status !== 429) return null;
  const { headers } = response;
  const after = Number.parseFloat(headers.get('retry-after') ?? '');
  if (after >= 0) return after;
  if (headers.get('x-ratelimit-remaining') === '0') {
    const reset = Number(headers.get('x-ratelimit-reset')) * 1000;
    // This machine's clock may be wrong.
    const now = Date.parse(headers.get('date') ?? '') || Date.now();
    // One second more, because the headers have whole seconds.
    return reset > 0 ? Math.max(0, (reset - now) / 1000) + 1 : UNNAMED_SECONDS;
  }
  const text = await response.clone().text();
  return response.status === 429 || /rate limit|abuse detection/i.test(text) ? UNNAMED_SECONDS : null;
}

function limited(limit: RateLimit, message: string): Response {
  return Response.json(
    { message },
    { status: 429, headers: { 'retry-after': String(Math.ceil(limit.seconds())) } },
  );
}
