/** Git over HTTP: clone, fetch and push, through git's own `git http-backend`. */
import { execa } from 'execa';
import { type Actor, identify, loginOf } from './auth.ts';
import { GitHubError } from './errors.ts';
import { requireAccess } from './http.ts';
import type { RefChange } from './ref-change.ts';
import { afterRefChanges } from './refs.ts';
import type { Repository } from './state.ts';
import { findRepository, gitDirectory, type World } from './world.ts';

const PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/(?:info\/refs|git-upload-pack|git-receive-pack))$/;
const SERVICES = ['git-upload-pack', 'git-receive-pack'];
const ASK = { 'www-authenticate': 'Basic realm="local GitHub"' };

/** The answer to a git client's request; null where the path is none of git's. */
export async function answerGit(world: World, request: Request): Promise<Response | null> {
  const url = new URL(request.url);
  const [, owner = '', name = '', path = ''] = PATH.exec(url.pathname) ?? [];
  if (path === '') return null;
  const service = path === '/info/refs' ? url.searchParams.get('service') : path.slice(1);
  const push = service === 'git-receive-pack';
  try {
    checkQuestion(request, path, service);
    const actor = identify(world, request.headers.get('authorization') ?? undefined);
    const repository = findRepository(world, owner, name);
    // A private repository that an anonymous client asks for is answered with 401, so that git asks for credentials.
    if (!repository) throw new GitHubError(actor.kind === 'anonymous' ? 401 : 404, 'Repository not found.');
    // With pages, whoever is on this machine may read everything anyway.
    const isOpen = !push && world.options.pages === true;
    if (!isOpen && (push || repository.private)) {
      if (actor.kind === 'anonymous') throw new GitHubError(401, 'Requires authentication');
    }
    if (!isOpen) requireAccess(repository, actor, push ? 'write' : 'read');
    const answer = () => backend(world, repository, actor, request, path, url.search.slice(1));
    if (!push || path === '/info/refs') return await answer();
    return await world.exclusive(repository, () => withConsequences(world, repository, actor, answer));
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    const headers = error.status === 401 ? ASK : {};
    return new Response(`${error.message}\n`, { status: error.status, headers });
  }
}

/** Throws where no git client would ask like this: git's own backend answers it with nothing at all. */
function checkQuestion({ method, headers }: Request, path: string, service: string | null): void {
  if (!SERVICES.includes(service ?? '')) throw new GitHubError(403, 'Please upgrade your git client.');
  if (path === '/info/refs') {
    if (method !== 'GET') throw new GitHubError(405, 'Method Not Allowed');
    return;
  }
  if (method !== 'POST') throw new GitHubError(405, 'Method Not Allowed');
  if (headers.get('content-type') !== `application/x-${service}-request`)
    throw new GitHubError(415, 'Unsupported Media Type');
}

/** A push, and then what follows from the refs that it moved. */
async function withConsequences(
  world: World,
  repository: Repository,
  actor: Actor,
  answer: () => Promise<Response>,
): Promise<Response> {
  const git = world.git(repository);
  const before = new Map((await git.refs('refs/')).map(one => [one.ref, one.sha]));
  const response = await answer();
  const after = new Map((await git.refs('refs/')).map(one => [one.ref, one.sha]));
  const changes: RefChange[] = [...new Set([...before.keys(), ...after.keys()])]
    .map(ref => ({ ref, from: before.get(ref) ?? null, to: after.get(ref) ?? null }))
    .filter(change => change.from !== change.to);
  await afterRefChanges(world, repository, loginOf(world, actor), changes);
  return response;
}

async function backend(
  world: World,
  repository: Repository,
  actor: Actor,
  request: Request,
  path: string,
  query: string,
): Promise<Response> {
  const directory = gitDirectory(world, repository);
  const env = {
    GIT_PROJECT_ROOT: directory,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers.get('content-type') ?? '',
    HTTP_CONTENT_ENCODING: request.headers.get('content-encoding') ?? '',
    HTTP_GIT_PROTOCOL: request.headers.get('git-protocol') ?? '',
    GIT_PROTOCOL: request.headers.get('git-protocol') ?? '',
    REFUSE_WORKFLOWS: actor.kind === 'installation' ? '1' : '',
  };
  const input = new Uint8Array(await request.arrayBuffer());
  const { stdout } = await execa('git', ['http-backend'], { env, input, encoding: 'buffer', reject: false });
  const response = cgiResponse(stdout);
  if (response) return response;
  // It is the request that git does not understand, if git can be asked at all.
  await world.git(repository).refs('refs/');
  return new Response('Bad Request\n', { status: 400 });
}

/** Headers, an empty line, the body; null where git understood nothing. */
function cgiResponse(output: Uint8Array): Response | null {
  const bytes = Buffer.from(output);
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const headers = new Headers();
  for (const line of bytes.toString('utf8', 0, end).split('\r\n')) {
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number.parseInt(headers.get('status') ?? '200', 10);
  headers.delete('status');
  return new Response(bytes.subarray(end + 4), { status, headers });
}
