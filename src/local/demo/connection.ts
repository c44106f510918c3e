/** `connection.json` in a demo's directory, by which other commands find a demo. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Octokit } from '@octokit/rest';
import { z } from 'zod';

export const CONNECTION_FILE = 'connection.json';

/** The part of the directory that holds the local GitHub. */
export const GITHUB_FOLDER = 'github';

export const connectionSchema = z.strictObject({
  /** Base URL of the local GitHub, without a slash at the end. */
  url: z.url(),
  /** Token of the user who started the campaign. It is only valid on this machine. */
  token: z.string(),
  owner: z.string(),
  repo: z.string(),
  /** The repository that the demo was started in. */
  from: z.string(),
  /** Whether that is the demo's own. */
  own: z.boolean(),
});

export type Connection = z.infer<typeof connectionSchema>;

/** The connection of the demo in a directory; null if there is no demo. */
export async function readConnection(dir: string): Promise<Connection | null> {
  const text = await readFile(path.join(dir, CONNECTION_FILE), 'utf8').catch(() => null);
  return text === null ? null : connectionSchema.parse(JSON.parse(text));
}

/** The git storage of a demo's repository, which is there after the demo has ended, too; null if it is not. */
export async function gitStorageOf(dir: string): Promise<string | null> {
  const folder = path.join(path.resolve(dir), GITHUB_FOLDER, 'git');
  const names = await readdir(folder).catch(() => []);
  const name = names.find(each => each.endsWith('.git'));
  return name === undefined ? null : path.join(folder, name);
}

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
