/** The server's side of one request: who asks, which repository, what the body says. */
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Actor } from './auth.ts';
import { GitHubError, invalid, notFound } from './errors.ts';
import type { Issue, PullIssue, Repository, Token } from './state.ts';
import { findRepository, type World } from './world.ts';

export type Env = { Variables: { actor: Actor } };
export type Server = Hono<Env>;
export type Ctx = Context<Env>;

/** What the App was granted when it was installed; nothing under `.github/workflows/`. */
export const GRANTED = {
  actions: 'write',
  checks: 'write',
  contents: 'write',
  issues: 'write',
  pull_requests: 'write',
  metadata: 'read',
} as const;
type Level = 'read' | 'discuss' | 'write' | 'admin';

/**
 * The repository named in the path, where the actor may act on it at `level`.
 * `discuss` is what everyone who can read may do once they are signed in: open issues, comment, react.
 * Throws 401, 403, or 404 for what the actor may not see.
 */
export function repositoryOf(world: World, c: Ctx, level: Level): Repository {
  const repository = findRepository(world, c.req.param('owner') ?? '', c.req.param('repo') ?? '');
  if (!repository) throw notFound();
  requireAccess(repository, c.get('actor'), level);
  return repository;
}

/** Throws where the actor may not act on the repository at that level; see {@link repositoryOf}. */
export function requireAccess(repository: Repository, actor: Actor, level: Level): void {
  if (!canSee(repository, actor)) throw notFound();
  if (level === 'read') return;
  if (actor.kind === 'anonymous' || actor.kind === 'app') {
    throw new GitHubError(401, 'Requires authentication');
  }
  if (actor.kind === 'user') {
    if (level === 'discuss' || actor.permission === 'admin') return;
    if (level === 'write' && actor.permission === 'write') return;
    throw new GitHubError(403, 'Resource not accessible by personal access token');
  }
  if (actor.kind === 'job' || level === 'admin' || !inScope(repository, actor)) {
    throw new GitHubError(403, 'Resource not accessible by integration');
  }
}

/** Whether the actor may know that the repository exists. */
function canSee(repository: Repository, actor: Actor): boolean {
  if (!repository.private) return true;
  if (actor.kind === 'user') return actor.permission !== 'none';
  return (actor.kind === 'installation' || actor.kind === 'job') && inScope(repository, actor);
}

function inScope({ id, owner }: Repository, token: Token): boolean {
  return token.kind === 'installation' ? token.owner === owner : token.repository === id;
}

/**
 * The request's JSON body as `schema` reads it. Schemas are strict: to ignore a field would be a wrong answer.
 * Throws 400 for what is not JSON and 422 for what does not fit.
 */
export async function bodyOf<S extends z.ZodType>(c: Ctx, schema: S): Promise<z.output<S>> {
  const text = await c.req.text();
  let json: unknown;
  try {
    json = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new GitHubError(400, 'Problems parsing JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(`Invalid request.\n\n${z.prettifyError(parsed.error)}`);
}

/** The issue or pull request whose number is in the path. Throws 404. */
export function issueOf(repository: Repository, c: Ctx): Issue {
  const issue = repository.issues[Number(c.req.param('number')) - 1];
  if (!issue) throw notFound();
  return issue;
}

/** As {@link issueOf}, for pull requests only. */
export function pullOf(repository: Repository, c: Ctx): PullIssue {
  const issue = issueOf(repository, c);
  if (!isPull(issue)) throw notFound();
  return issue;
}

export function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== null;
}
