/** Probot's client without its throttling. */
import { ProbotOctokit } from 'probot';

type ClientOptions = NonNullable<ConstructorParameters<typeof ProbotOctokit>[0]>;

/**
 * GitHub asks its clients for a second between writes and three between notifications; a GitHub on this machine does not.
 * A function, because Probot passes throttle options of its own, which replace those of plain defaults.
 */
export const UnhurriedOctokit = ProbotOctokit.defaults((options: ClientOptions) => ({
  ...options,
  throttle: { ...options.throttle, enabled: false },
}));
