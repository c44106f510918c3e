/** The GitHub of the stories, with the App and three people. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import { type LocalGitHub, startLocalGitHub } from '../local/github/index.ts';
import type { LocalGitHubOptions } from '../local/github/options.ts';
import { type Place, placeIn } from './place.test-helper.ts';

export type Person = 'alice' | 'bob' | 'eve';

export interface Town {
  github: LocalGitHub;
  people: Record<Person, Octokit>;
  /** A private repository of alice's, with what people do there. */
  place(name: string, files: ReadonlyMap<string, string>, isPrivate?: boolean): Promise<Place>;
}

interface TownOptions extends Pick<LocalGitHubOptions, 'intercept' | 'afterwards'> {
  /** Holds everything that is written to disk. */
  dir: string;
  clock: () => Date;
  /** Errors that the App logged. */
  errors: () => string[];
}

const SECRET = 'a secret of the stories';
const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const TOKENS: Record<Person, string> = { alice: 'token-of-alice', bob: 'token-of-bob', eve: 'token-of-eve' };

/** What the App is started with. */
export const APP = { appId: 1, privateKey: KEYS.privateKey, secret: SECRET } as const;
export const BOT = 'autoresearch-bot[bot]';

/** Starts it; alice is an admin of every repository, bob may write, eve may read. */
export async function openTown({ dir, clock, errors, intercept, afterwards }: TownOptions): Promise<Town> {
  const github = await startLocalGitHub({
    port: 0,
    dir: join(dir, 'github'),
    pages: true,
    clock,
    app: {
      id: APP.appId,
      slug: 'autoresearch-bot',
      name: 'autoresearch-bot',
      publicKey: KEYS.publicKey,
      webhookSecret: SECRET,
    },
    users: [
      { login: 'alice', token: TOKENS.alice, permission: 'admin' },
      { login: 'bob', token: TOKENS.bob, permission: 'write' },
      { login: 'eve', token: TOKENS.eve, permission: 'read' },
    ],
    ...(intercept && { intercept }),
    ...(afterwards && { afterwards }),
  });
  const people = { alice: client(github, 'alice'), bob: client(github, 'bob'), eve: client(github, 'eve') };
  return {
    github,
    people,
    async place(name, files, isPrivate = true) {
      await github.createRepository({ owner: 'alice', name, files, private: isPrivate });
      return placeIn(
        { url: github.url, token: TOKENS.alice, people, errors, dir: join(dir, 'clones') },
        name,
      );
    },
  };
}

function client(github: LocalGitHub, person: Person): Octokit {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ baseUrl: `${github.url}/api/v3`, auth: TOKENS[person], log, request: { retries: 0 } });
}
