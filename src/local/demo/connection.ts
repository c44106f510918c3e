/** `connection.json` in a demo's directory, by which other commands find a running demo. */
import { Octokit } from '@octokit/rest';
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

/** A client that reads again where its connection broke. What writes is not said twice. */
export function connect(
  { url, token }: Pick<Connection, 'url' | 'token'>,
  fetch = globalThis.fetch,
): Octokit {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const octokit = new Octokit({ baseUrl: `${url}/api/v3`, auth: token, log: silent, request: { fetch } });
  octokit.hook.wrap('request', async (request, options) => {
    try {
      return await request(options);
    } catch (error) {
      if (options.method !== 'GET') throw error;
      return request(options);
    }
  });
  return octokit;
}
