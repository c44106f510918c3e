/** How other commands find a running demo: `connection.json` in its directory. */
import { z } from 'zod';

export const connectionSchema = z.strictObject({
  /** Base URL of the local GitHub, no slash at the end. */
  url: z.url(),
  /** Token of the user who started the campaign; worth nothing outside this machine. */
  token: z.string(),
  owner: z.string(),
  repo: z.string(),
});

export type Connection = z.infer<typeof connectionSchema>;
