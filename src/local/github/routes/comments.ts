/** Comments on issues and pull requests; reactions. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { notFound } from '../errors.ts';
import { bodyOf, type Ctx, issueOf, repositoryOf, type Server } from '../http.ts';
import { addComment, checkComment, emitComment, touch } from '../issues.ts';
import { page } from '../pagination.ts';
import { presentComment, presentReaction } from '../present/issue.ts';
import { type Comment, REACTIONS, type Reaction, type Repository } from '../state.ts';
import { nextId, timestamp, type World } from '../world.ts';
import { requireAuthor } from './issues.ts';

const commentBody = z.object({ body: z.string() });
const reactionBody = z.object({ content: z.enum(REACTIONS) });

export function commentRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/issues/:number{[0-9]+}/comments', c => {
    const repository = repositoryOf(world, c, 'read', 'issues', 'pull_requests');
    const { number } = issueOf(repository, c);
    const from = Date.parse(c.req.query('since') ?? '') || 0;
    const comments = repository.comments.filter(
      one => one.number === number && Date.parse(one.updatedAt) >= from,
    );
    return c.json(page(c, comments).map(one => presentComment(world, repository, one)));
  });
  server.post('/repos/:owner/:repo/issues/:number{[0-9]+}/comments', async c => {
    const repository = repositoryOf(world, c, 'discuss', 'issues', 'pull_requests');
    const issue = issueOf(repository, c);
    const { body } = await bodyOf(c, commentBody);
    const comment = addComment(world, repository, issue, loginOf(world, c.get('actor')), body);
    return c.json(presentComment(world, repository, comment), 201);
  });
  server.get('/repos/:owner/:repo/issues/comments', c => {
    const repository = repositoryOf(world, c, 'read', 'issues', 'pull_requests');
    return c.json(page(c, selectComments(c, repository)).map(one => presentComment(world, repository, one)));
  });
  const path = '/repos/:owner/:repo/issues/comments/:id{[0-9]+}';
  server.get(path, c => {
    const repository = repositoryOf(world, c, 'read', 'issues', 'pull_requests');
    return c.json(presentComment(world, repository, commentOf(repository, c)));
  });
  server.patch(path, async c => {
    const repository = repositoryOf(world, c, 'discuss', 'issues', 'pull_requests');
    const comment = commentOf(repository, c);
    requireAuthor(world, c, comment.user);
    const { body } = await bodyOf(c, commentBody);
    checkComment(body);
    const changes = { body: { from: comment.body } };
    comment.body = body;
    comment.updatedAt = timestamp(world);
    const issue = repository.issues[comment.number - 1];
    if (issue) touch(world, issue);
    emitComment(world, repository, comment, loginOf(world, c.get('actor')), 'edited', { changes });
    return c.json(presentComment(world, repository, comment));
  });
  server.delete(path, c => {
    const repository = repositoryOf(world, c, 'discuss', 'issues', 'pull_requests');
    const comment = commentOf(repository, c);
    requireAuthor(world, c, comment.user);
    repository.comments.splice(repository.comments.indexOf(comment), 1);
    const issue = repository.issues[comment.number - 1];
    if (issue) touch(world, issue);
    emitComment(world, repository, comment, loginOf(world, c.get('actor')), 'deleted');
    return c.body(null, 204);
  });
}

export function reactionRoutes(server: Server, world: World): void {
  const targets = [
    ['/repos/:owner/:repo/issues/:number{[0-9]+}/reactions', issueOf],
    ['/repos/:owner/:repo/issues/comments/:id{[0-9]+}/reactions', commentOf],
  ] as const;
  for (const [path, targetOf] of targets) {
    server.get(path, c => {
      const repository = repositoryOf(world, c, 'read', 'issues', 'pull_requests');
      const content = c.req.query('content');
      const { reactions } = targetOf(repository, c);
      const matching = reactions.filter(one => content === undefined || one.content === content);
      return c.json(page(c, matching).map(one => presentReaction(world, one)));
    });
    server.post(path, async c => {
      const repository = repositoryOf(world, c, 'discuss', 'issues', 'pull_requests');
      const { reactions } = targetOf(repository, c);
      const { content } = await bodyOf(c, reactionBody);
      const user = loginOf(world, c.get('actor'));
      const known = reactions.find(one => one.user === user && one.content === content);
      if (known) return c.json(presentReaction(world, known), 200);
      const reaction: Reaction = { id: nextId(world), user, content, createdAt: timestamp(world) };
      reactions.push(reaction);
      return c.json(presentReaction(world, reaction), 201);
    });
  }
}

function commentOf(repository: Repository, c: Ctx): Comment {
  const comment = repository.comments.find(one => String(one.id) === c.req.param('id'));
  if (!comment) throw notFound();
  return comment;
}

/** Comments of the whole repository; without `sort`, GitHub lists them by id and ignores `direction`. */
function selectComments(c: Ctx, repository: Repository): Comment[] {
  const { since = '', sort, direction = 'desc' } = c.req.query();
  const from = Date.parse(since) || 0;
  const comments = repository.comments.filter(one => Date.parse(one.updatedAt) >= from);
  if (sort === undefined) return comments;
  const key = (one: Comment) => (sort === 'updated' ? one.updatedAt : one.createdAt);
  comments.sort((a, b) => key(a).localeCompare(key(b)) || a.id - b.id);
  return direction === 'asc' ? comments : comments.reverse();
}
