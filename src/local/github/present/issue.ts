/** Issues, comments, labels and reactions, in GitHub's form. */
import type { components } from '@octokit/openapi-types';
import type { Comment, Issue, Label, Reaction, Repository } from '../state.ts';
import { botLogin, sameName, type World } from '../world.ts';
import { nodeId, presentAccount, presentApp } from './account.ts';
import { apiUrl, htmlUrl } from './repository.ts';

type Schemas = components['schemas'];

function presentLabel(world: World, repository: Repository, label: Label): Schemas['label'] {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: `${apiUrl(world, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: 'ededed',
    description: null,
    default: false,
  };
}

/** The labels of an issue or pull request. */
export function presentLabels(world: World, repository: Repository, issue: Issue): Schemas['label'][] {
  return issue.labels.flatMap(name => {
    const label = repository.labels.find(one => sameName(one.name, name));
    return label ? [presentLabel(world, repository, label)] : [];
  });
}

export function association(world: World, repository: Repository, login: string) {
  if (sameName(repository.owner, login)) return 'OWNER';
  const permission = world.options.users.find(user => sameName(user.login, login))?.permission;
  return permission === 'admin' || permission === 'write' ? 'COLLABORATOR' : 'NONE';
}

export function presentIssue(world: World, repository: Repository, issue: Issue): Schemas['issue'] {
  const api = apiUrl(world, repository);
  const url = `${api}/issues/${issue.number}`;
  const page = issue.pull ? 'pull' : 'issues';
  return {
    id: issue.id,
    node_id: nodeId('Issue', issue.id),
    url,
    repository_url: api,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    timeline_url: `${url}/timeline`,
    html_url: `${htmlUrl(world, repository)}/${page}/${issue.number}`,
    number: issue.number,
    state: issue.state,
    state_reason: issue.state === 'closed' && !issue.pull ? 'completed' : null,
    title: issue.title,
    body: issue.body,
    user: presentAccount(world, issue.user),
    author_association: association(world, repository, issue.user),
    labels: presentLabels(world, repository, issue),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: repository.comments.filter(comment => comment.number === issue.number).length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    closed_by: issue.closedBy === null ? null : presentAccount(world, issue.closedBy),
    performed_via_github_app: viaApp(world, issue.user),
    reactions: rollup(url, issue.reactions),
    ...(issue.pull && { draft: false, pull_request: pullLinks(world, repository, issue) }),
  };
}

export function presentComment(
  world: World,
  repository: Repository,
  comment: Comment,
): Schemas['issue-comment'] {
  const api = apiUrl(world, repository);
  const url = `${api}/issues/comments/${comment.id}`;
  const page = repository.issues[comment.number - 1]?.pull ? 'pull' : 'issues';
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url,
    html_url: `${htmlUrl(world, repository)}/${page}/${comment.number}#issuecomment-${comment.id}`,
    issue_url: `${api}/issues/${comment.number}`,
    body: comment.body,
    user: presentAccount(world, comment.user),
    author_association: association(world, repository, comment.user),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    performed_via_github_app: viaApp(world, comment.user),
    reactions: rollup(url, comment.reactions),
  };
}

export function presentReaction(world: World, reaction: Reaction): Schemas['reaction'] {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: presentAccount(world, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}

function viaApp(world: World, login: string) {
  return sameName(login, botLogin(world)) ? presentApp(world, 'app') : null;
}

function pullLinks(world: World, repository: Repository, issue: Issue) {
  const html = `${htmlUrl(world, repository)}/pull/${issue.number}`;
  return {
    url: `${apiUrl(world, repository)}/pulls/${issue.number}`,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    merged_at: issue.pull?.mergedAt ?? null,
  };
}

function rollup(url: string, reactions: readonly Reaction[]): Schemas['reaction-rollup'] {
  const count = (content: Reaction['content']) => reactions.filter(one => one.content === content).length;
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    '+1': count('+1'),
    '-1': count('-1'),
    laugh: count('laugh'),
    confused: count('confused'),
    heart: count('heart'),
    hooray: count('hooray'),
    rocket: count('rocket'),
    eyes: count('eyes'),
  };
}
