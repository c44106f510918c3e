/** The App's login, and GitHub's web address. */
import type { Probot } from 'probot';
import { type Wrap, wrapped } from '../github/client/octokit.ts';
import type { Octokit } from '../github/client/types.ts';

export interface Identity {
  /** The App's login, `<slug>[bot]`. */
  botLogin: string;
  /** Web address of GitHub, without a trailing slash. */
  serverUrl: string;
}

/** Asks GitHub once; asks again only after a failure. */
export function identityOf(probot: Pick<Probot, 'auth'>, wrap: Wrap): () => Promise<Identity> {
  let known: Promise<Identity> | null = null;
  return () => {
    known ??= ask(probot, wrap).catch(error => {
      known = null;
      throw error;
    });
    return known;
  };
}

async function ask(probot: Pick<Probot, 'auth'>, wrap: Wrap): Promise<Identity> {
  const octokit = wrapped(await probot.auth(), wrap);
  const { data } = await octokit.rest.apps.getAuthenticated();
  return { botLogin: `${data?.slug}[bot]`, serverUrl: webAddress(octokit) };
}

function webAddress(octokit: Octokit): string {
  const { baseUrl } = octokit.request.endpoint.DEFAULTS;
  return baseUrl === 'https://api.github.com' ? 'https://github.com' : baseUrl.replace(/\/api\/v3\/?$/, '');
}
