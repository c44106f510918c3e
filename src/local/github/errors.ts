/** Refusals, in the form GitHub gives them. Routes throw them; the server turns them into responses. */
export class GitHubError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422;
  readonly errors: readonly unknown[] | undefined;

  constructor(status: GitHubError['status'], message: string, errors?: readonly unknown[]) {
    super(message);
    this.status = status;
    this.errors = errors;
  }

  /** The response's JSON body. */
  body(): Record<string, unknown> {
    return {
      message: this.message,
      ...(this.errors && { errors: this.errors }),
      documentation_url: DOCUMENTATION,
      status: String(this.status),
    };
  }
}

const DOCUMENTATION = 'https://docs.github.com/rest';

/** What a client hears of a failure of the server itself: not what failed, nor where. */
export const SERVER_ERROR = { message: 'Server Error', documentation_url: DOCUMENTATION, status: '500' };

/** Also the answer to what the token may not see, so that nobody can tell the two apart. */
export const notFound = (message = 'Not Found') => new GitHubError(404, message);

export const invalid = (message: string, errors?: readonly unknown[]) =>
  new GitHubError(422, message, errors);

/** What GitHub says to an App that was not granted `workflows`; `where` is what would have brought one in. */
export const withoutWorkflows = (where: string) =>
  new GitHubError(
    403,
    `refusing to allow a GitHub App to create or update workflow in ${where} without \`workflows\` permission`,
  );

/** 422 for one field of one resource, with GitHub's list of errors. */
export const invalidField = (resource: string, field: string, message: string) =>
  new GitHubError(422, 'Validation Failed', [{ resource, field, code: 'custom', message }]);
