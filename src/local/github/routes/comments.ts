/** Comments on issues and pull requests; reactions. */
import { z } from 'zod';
import { loginOf } from '../auth.ts';
import { notFound } from '../errors.ts';
import { bodyOf, type Ctx, issueOf, repositoryOf, type Server } from '../http.ts';
import { addComment, editComment, touch } from '../issues.ts';
import { page } from '../pagination.ts';
import { presentComment, presentReaction } from '../present/issue.ts';
import { type Comment, REACTIONS, type Reaction, type Repository } from '../state.ts';
import { nextId, timestamp, type World } from '../world.ts';
import { requireAuthor } from './issues.ts';

const commentBody = z.object({ body: z.string() });
const reactionBody = z.object({ content: z.enum(REACTIONS) });

export function commentRoutes(server: Server, world: World): void {
  server.get('/repos/:owner/:repo/issues/:number{[0-9]+}/comments', c => {
    const repository = repositoryOf(world, c, 'read');
    const { number } = issueOf(repository, c);
    const comments = repository.comments.filter(one => one.number === number);
    return c.json(page(c, comments).map(one => presentComment(world, repository, one)));
  });
  server.post('/repos/:owner/:repo/issues/:number{[0-9]+}/comments', async c => {
    const repository = repositoryOf(world, c, 'discuss');
    const issue = issueOf(repository, c);
    const { body } = await bodyOf(c, commentBody);
    const comment = addComment(world, repository, issue, loginOf(world, c.get('actor')), body);
    return c.json(presentComment(world, repository, comment), 201);
  });
  server.get('/repos/:owner/:repo/issues/comments', c => {
    const repository = repositoryOf(world, c, 'read');
    const comments = page(c, selectComments(c, repository), ['since', 'sort', 'direction']);
    return c.json(comments.map(one => presentComment(world, repository, one)));
  });
  const path = '/repos/:owner/:repo/issues/comments/:id{[0-9]+}';
  server.get(path, c => {
    const repository = repositoryOf(world, c, 'read');
    return c.json(presentComment(world, repository, commentOf(repository, c)));
  });
  server.patch(path, async c => {
    const repository = repositoryOf(world, c, 'discuss');
    const comment = commentOf(repository, c);
    requireAuthor(world, c, comment.user);
    const { body } = await bodyOf(c, commentBody);
    editComment(world, repository, comment, loginOf(world, c.get('actor')), body);
    return c.json(presentComment(world, repository, comment));
  });
  server.delete(path, c => {
    const repository = repositoryOf(world, c, 'discuss');
    const comment = commentOf(repository, c);
    requireAuthor(world, c, comment.user);
    repository.comments.splice(repository.comments.indexOf(comment), 1);
    const issue = repository.issues[comment.number - 1];
    if (issue) touch(world, issue);
    return c.body(null, 204);
  });
}

export function reactionRoutes(server: Server, world: World): void {
  const comment = '/repos/:owner/:repo/issues/comments/:id{[0-9]+}/reactions';
  const issue = '/repos/:owner/:repo/issues/:number{[0-9]+}/reactions';
  serveReactions(server, world, comment, commentOf);
  serveReactions(server, world, issue, issueOf);
}

function serveReactions(
  server: Server,
  world: World,
  path: string,
  subjectOf: (repository: Repository, c: Ctx) => { reactions: Reaction[] },
): void {
  server.get(path, c => {
    const { reactions } = subjectOf(repositoryOf(world, c, 'read'), c);
    return c.json(page(c, reactions).map(one => presentReaction(world, one)));
  });
  server.post(path, async c => {
    const { reactions } = subjectOf(repositoryOf(world, c, 'discuss'), c);
    const { content } = await bodyOf(c, reactionBody);
    const user = loginOf(world, c.get('actor'));
    const known = reactions.find(one => one.user === user && one.content === content);
    if (known) return c.json(presentReaction(world, known), 200);
    const reaction: Reaction = { id: nextId(world), user, content, createdAt: timestamp(world) };
    reactions.push(reaction);
    return c.json(presentReaction(world, reaction), 201);
  });
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
