/** Routing: REST under `/api/v3`, downloads under `/_files`, git under `/<owner>/<name>.git`, pages for people everywhere else. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { isLoopback, isSameOrigin } from '../../starter/own-host.ts';
import type { ServerQueue } from './actions/queue.ts';
import { identify } from './auth.ts';
import { GitHubError, notFound, SERVER_ERROR } from './errors.ts';
import type { Env, Server } from './http.ts';
import { pageHandler } from './pages/index.ts';
import { artifactRoutes, runRoutes } from './routes/actions.ts';
import { appRoutes, userRoutes } from './routes/apps.ts';
import { checkRoutes } from './routes/checks.ts';
import { commentRoutes, reactionRoutes } from './routes/comments.ts';
import { contentRoutes } from './routes/contents.ts';
import { gitRoutes } from './routes/git.ts';
import { issueRoutes } from './routes/issues.ts';
import { metaRoutes } from './routes/meta.ts';
import { pullRoutes } from './routes/pulls.ts';
import { refRoutes } from './routes/refs.ts';
import { repositoryRoutes } from './routes/repos.ts';
import { answerGit } from './smart-http.ts';
import { artifactPath, now, type World } from './world.ts';

const REST = '/api/v3';
const FILES = '/_files/artifacts/';

/** Every operation that the REST routes answer, such as `GET /repos/{}/{}/issues`. */
export function servedOperations(): string[] {
  const world = { options: {}, state: {} } as World;
  return restServer(world, {} as ServerQueue)
    .routes.filter(route => route.method !== 'ALL')
    .map(
      ({ method, path }) => `${method} ${path.slice(REST.length).replace(/:\w+(\{.*?\})?/g, '{}') || '/'}`,
    );
}

/** Answers every request that the server gets. */
export function requestHandler(world: World, queue: ServerQueue): (request: Request) => Promise<Response> {
  const rest = restServer(world, queue);
  const answerPage = pageHandler(world);
  const answer = async (request: Request) => {
    const foreign = refusalOf(request);
    if (foreign !== null) return Response.json(foreign.body(), { status: foreign.status });
    const { pathname } = new URL(request.url);
    if (pathname === REST || pathname.startsWith(`${REST}/`)) return answerRest(world, rest, request);
    if (pathname.startsWith(FILES)) return answerFile(world, new URL(request.url));
    return (await answerGit(world, request)) ?? answerPage(request);
  };
  return request =>
    answer(request).catch(error => {
      world.report(error);
      return Response.json(SERVER_ERROR, { status: 500 });
    });
}

/**
 * What a browser was made to send here by another site is refused: under a name that someone's DNS leads here, or as a form that posts
 * across sites. Clients that are no browsers send neither.
 */
function refusalOf({ method, headers }: Request): GitHubError | null {
  const host = headers.get('host');
  if (!isLoopback(host)) return notFound('This server answers to 127.0.0.1 and localhost only.');
  if (method === 'GET' || method === 'HEAD') return null;
  const sender = { host, origin: headers.get('origin'), site: headers.get('sec-fetch-site') };
  return isSameOrigin(sender) ? null : new GitHubError(403, 'This request comes from another site.');
}

function restServer(world: World, queue: ServerQueue): Server {
  const server: Server = new Hono<Env>().basePath(REST);
  server.use(async (c, next) => {
    c.set('actor', identify(world, c.req.header('authorization')));
    await next();
    c.header('date', now(world).toUTCString());
  });
  const groups = [
    metaRoutes,
    appRoutes,
    userRoutes,
    checkRoutes,
    repositoryRoutes,
    contentRoutes,
    refRoutes,
    gitRoutes,
    commentRoutes,
    reactionRoutes,
    issueRoutes,
    pullRoutes,
    runRoutes,
    artifactRoutes,
  ];
  for (const add of groups) add(server, world, queue);
  server.notFound(c => c.json(notFound().body(), 404));
  server.onError((error, c) => {
    if (error instanceof GitHubError) return c.json(error.body(), error.status);
    world.report(error);
    return c.json(SERVER_ERROR, 500);
  });
  return server;
}

async function answerRest(world: World, rest: Server, request: Request): Promise<Response> {
  const { intercept, afterwards } = world.options;
  const copy = afterwards ? request.clone() : request;
  const early = await intercept?.(request.clone());
  if (early) return early;
  const answer = await withEtag(request, await rest.fetch(request));
  return (await afterwards?.(copy, answer.clone())) ?? answer;
}

/** GitHub answers 304 to a question whose answer the client already has. */
async function withEtag(request: Request, response: Response): Promise<Response> {
  if (request.method !== 'GET' || response.status !== 200) return response;
  const body = await response.arrayBuffer();
  const etag = `W/"${createHash('sha256').update(new Uint8Array(body)).digest('hex')}"`;
  const headers = new Headers(response.headers);
  headers.set('etag', etag);
  if (request.headers.get('if-none-match') !== etag) return new Response(body, { headers });
  headers.delete('content-type');
  return new Response(null, { status: 304, headers });
}

/** The artifact that a signed link of the REST routes leads to. */
function answerFile(world: World, url: URL): Response {
  const path = artifactPath(world, Number(url.pathname.slice(FILES.length)));
  if (!world.isSigned(url) || !existsSync(path)) return new Response('Not Found\n', { status: 404 });
  return new Response(readFileSync(path), { headers: { 'content-type': 'application/zip' } });
}
