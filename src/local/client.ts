/** Probot's client without its throttling. */
import { ProbotOctokit } from 'probot';

type ClientOptions = NonNullable<ConstructorParameters<typeof ProbotOctokit>[0]>;

/**
 * GitHub asks clients to wait 1 s between writes and 3 s between notifications, which the local GitHub does not need. The defaults are a
 * function because Probot passes its own throttle options, which would replace plain defaults.
 */
export const UnhurriedOctokit = ProbotOctokit.defaults((options: ClientOptions) => ({
  ...options,
  throttle: { ...options.throttle, enabled: false },
}));
