/** `connection.json` in a demo's directory, by which other commands find a running demo. */
import { z } from 'zod';

export const CONNECTION_FILE = 'connection.json';

export const connectionSchema = z.strictObject({
  /** Base URL of the local GitHub, without a slash at the end. */
  url: z.url(),
  /** Token of the user who started the campaign. It is only valid on this machine. */
  token: z.string(),
  owner: z.string(),
  repo: z.string(),
});

export type Connection = z.infer<typeof connectionSchema>;
