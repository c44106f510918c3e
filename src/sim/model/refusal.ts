/** GitHub's refusals and failures as a client of Octokit's sees them. */

/** Looks like Octokit's `RequestError`: a status, and the response's headers where there was a response. */
export class Refusal extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly response: { headers: Record<string, string> } | undefined;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.response = { headers };
  }
}

/** No answer came: Octokit gives such an error the status 500, and no response. */
export class NoAnswer extends Error {
  override readonly name = 'HttpError';
  readonly status = 500;
  readonly response = undefined;
}

export function notFound(): Refusal {
  return new Refusal(404, 'Not Found - https://docs.github.com/rest');
}

export function invalid(message: string): Refusal {
  return new Refusal(422, `Validation Failed: ${message} - https://docs.github.com/rest`);
}
