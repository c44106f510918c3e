/**
 * Creates the App: a page on this machine, a button that takes the manifest to GitHub, and the credentials that GitHub hands out in
 * return. Whoever gets there decides which App this machine runs, so every page needs the key that is printed in the terminal, GitHub's
 * answer needs the `state` of a page that was shown, and the server ends with the first App.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { isLoopback } from '../starter/own-host.ts';
import { manifestOf } from './manifest.ts';
import { choicePage, createPage, messagePage } from './setup-page.ts';

export interface SetupOptions {
  host: string;
  /** 0 for any. */
  port: number;
  /** Web address of GitHub and address of its REST API, without a slash at the end. */
  githubUrl: string;
  apiUrl: string;
  /** Keeps the credentials. The server answers no other request after this. */
  save(app: CreatedApp): void;
}

export interface CreatedApp {
  id: number;
  /** Page of the App on GitHub. */
  url: string;
  privateKey: string;
  /** Null if the App has no webhooks. */
  webhookSecret: string | null;
}

export interface Setup {
  /** The page to open, with the key. */
  url: string;
  /** Resolves when an App has been created and its credentials saved. */
  created: Promise<CreatedApp>;
  close(): Promise<void>;
}

const conversionSchema = z.object({
  id: z.int(),
  html_url: z.url(),
  pem: z.string(),
  webhook_secret: z.string().nullable(),
});
const ORGANIZATION = /^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i;
const CODE = /^[\w-]{1,100}$/;
const GITHUB_MS = 30_000;
const PATIENCE = { headersTimeout: 5000, requestTimeout: 15_000, maxHeaderSize: 16 * 1024 };

/** Starts the page. Rejects if the port is taken. */
export async function startSetup(options: SetupOptions): Promise<Setup> {
  const key = secret();
  /** Of the pages that were shown. Each is used once. */
  const states = new Set<string>();
  const { promise: created, resolve } = Promise.withResolvers<CreatedApp>();
  let done = false;
  const server = createServer(PATIENCE, (request, response) => {
    answer(request, response).catch(() => send(response, 500, 'This server failed. Try again.'));
  });
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host } = request.headers;
    if (!isLoopback(host) && host !== new URL(origin).host)
      return send(response, 403, 'Open the address that `npm start` printed.');
    const url = new URL(request.url ?? '/', origin);
    if (done || request.method !== 'GET') return send(response, 404, 'There is nothing here.');
    if (url.pathname === '/created') return create(url, response);
    if (!isSame(url.searchParams.get('key') ?? '', key))
      return send(response, 403, 'Open the address that `npm start` printed: it ends with a key.');
    if (url.pathname === '/create') return offer(url, response);
    return sendPage(response, 200, choicePage(key, { organization: '', address: '' }, null));
  }

  function offer(url: URL, response: ServerResponse): void {
    const organization = url.searchParams.get('organization')?.trim() ?? '';
    const address = url.searchParams.get('address')?.trim().replace(/\/+$/, '') ?? '';
    const problem = problemOf(organization, address);
    if (problem !== null) {
      sendPage(response, 400, choicePage(key, { organization, address }, problem));
      return;
    }
    const state = secret();
    states.add(state);
    const owner = organization === '' ? '' : `/organizations/${organization}`;
    const publicAddress = address === '' ? null : address;
    sendPage(
      response,
      200,
      createPage(
        `${options.githubUrl}${owner}/settings/apps/new?state=${state}`,
        manifestOf({ redirectUrl: `${origin}/created`, publicAddress }),
      ),
    );
  }

  async function create(url: URL, response: ServerResponse): Promise<void> {
    const code = url.searchParams.get('code') ?? '';
    if (!states.delete(url.searchParams.get('state') ?? '') || !CODE.test(code))
      return send(response, 403, 'This did not start from a page of this server. Begin again.');
    const app = await convert(options.apiUrl, code);
    if (app === null)
      return send(response, 502, 'GitHub did not hand out the credentials of the App. Begin again.');
    options.save(app);
    done = true;
    response.writeHead(302, { location: `${app.url}/installations/new`, connection: 'close' }).end();
    resolve(app);
  }

  return {
    url: `${origin}/?key=${key}`,
    created,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };

  function send(response: ServerResponse, status: number, message: string): void {
    sendPage(response, status, messagePage(message));
  }

  function sendPage(response: ServerResponse, status: number, html: string): void {
    if (response.headersSent) return;
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self' ${options.githubUrl}; frame-ancestors 'none'`,
      // GitHub learns where the form comes from, but not the key.
      'referrer-policy': 'strict-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      connection: 'close',
    });
    response.end(html);
  }
}

/** What is wrong with the choice on the first page; null if nothing is. */
function problemOf(organization: string, address: string): string | null {
  if (organization !== '' && !ORGANIZATION.test(organization))
    return "Organization: expected its name as in GitHub's addresses.";
  const isPublic = address === '' || (URL.canParse(address) && /^https?:\/\/[^/?#@]+$/.test(address));
  return isPublic ? null : 'Public address: expected one without a path, such as https://bot.example.com.';
}

/** Trades GitHub's code for the App's credentials; null if GitHub refuses it or cannot be reached. */
async function convert(apiUrl: string, code: string): Promise<CreatedApp | null> {
  try {
    const response = await fetch(`${apiUrl}/app-manifests/${code}/conversions`, {
      method: 'POST',
      headers: { accept: 'application/vnd.github+json' },
      signal: AbortSignal.timeout(GITHUB_MS),
    });
    const parsed = conversionSchema.safeParse(await response.json());
    if (!parsed.success) return null;
    const { id, html_url, pem, webhook_secret } = parsed.data;
    return { id, url: html_url, privateKey: pem, webhookSecret: webhook_secret };
  } catch {
    return null;
  }
}

function secret(): string {
  return randomBytes(24).toString('hex');
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
