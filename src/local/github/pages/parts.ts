/** Small pieces that several pages share. */

import type { CheckConclusion, CheckStatus, Issue, Reaction, Repository } from '../state.ts';
import { fullName, sameName, type World } from '../world.ts';
import { pathOf } from './links.ts';
import { renderMarkdown } from './markdown.ts';
import { type Html, html } from './markup.ts';
import { ago } from './time.ts';

/** Open, closed or merged. */
export function stateBadge(issue: Issue): Html {
  const state = stateOf(issue);
  return html`<span class="badge ${state}">${state[0]?.toUpperCase()}${state.slice(1)}</span>`;
}

export function stateOf(issue: Issue): 'open' | 'closed' | 'merged' | 'done' {
  if (issue.pull?.mergedAt) return 'merged';
  if (issue.state === 'open') return 'open';
  return issue.pull || issue.stateReason === 'not_planned' ? 'closed' : 'done';
}

const OUTCOMES = {
  success: ['✓', 'good'],
  failure: ['✗', 'bad'],
  timed_out: ['✗', 'bad'],
  action_required: ['!', 'bad'],
  neutral: ['–', 'quiet'],
  cancelled: ['–', 'quiet'],
  skipped: ['–', 'quiet'],
} as const satisfies Record<CheckConclusion, readonly [string, string]>;

/** A mark for how something ended, or that it has not. */
export function outcomeMark(o: { status: CheckStatus; conclusion: CheckConclusion | null }): Html {
  const words = (o.conclusion ?? o.status).replace('_', ' ');
  const pending = o.status === 'queued' ? (['○', 'quiet'] as const) : (['●', 'busy'] as const);
  const [mark, kind] = o.conclusion === null ? pending : OUTCOMES[o.conclusion];
  return html`<span class="mark ${kind}" title="${words}" aria-label="${words}">${mark}</span>`;
}

/** The labels of an issue; their colours are dots, because a text on them could be unreadable. */
export function labels(repository: Repository, issue: Issue): Html[] {
  return issue.labels.map(name => {
    const color = repository.labels.find(label => sameName(label.name, name))?.color ?? '';
    const dot = /^[0-9a-f]{6}$/i.test(color)
      ? html`<svg width="8" height="8" aria-hidden="true"><circle cx="4" cy="4" r="3.5" fill="#${color}" stroke="#80808080"/></svg> `
      : '';
    return html` <span class="label">${dot}${name}</span>`;
  });
}

/** A login; Apps are marked as such. */
export function person(login: string): Html {
  const name = login.replace(/\[bot\]$/, '');
  return html`<b>${name}</b>${name !== login && html` <span class="badge">bot</span>`}`;
}

const FACES: Record<Reaction['content'], string> = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  confused: '😕',
  heart: '❤️',
  hooray: '🎉',
  rocket: '🚀',
  eyes: '👀',
};

/** How often each reaction was given, and by whom. */
function reactionList(reactions: readonly Reaction[]): Html {
  const kinds = [...new Set(reactions.map(one => one.content))];
  const kind = (content: Reaction['content']) => {
    const users = reactions.filter(one => one.content === content).map(one => one.user);
    return html`<span class="reaction" title="${users.join(', ')}">${FACES[content]} ${users.length}</span> `;
  };
  return html`<p class="reactions">${kinds.map(kind)}</p>`;
}

/** What someone wrote on an issue or pull request. */
export function comment(
  world: World,
  repository: Repository,
  o: {
    anchor: string;
    user: string;
    body: string;
    createdAt: string;
    edited: boolean;
    reactions: readonly Reaction[];
  },
): Html {
  const body =
    o.body.trim() === '' ? html`<p class="quiet">No description.</p>` : markdownOf(repository, o.body);
  return html`<article class="box" id="${o.anchor}">
<p class="head">${person(o.user)} <span class="quiet">wrote <a href="#${o.anchor}">${ago(world, o.createdAt)}</a>${o.edited && ', edited'}</span></p>
<div class="markdown">${body}</div>
${o.reactions.length > 0 && reactionList(o.reactions)}
</article>`;
}

/** Markdown of comments, titles of issues leading into this repository. */
export function markdownOf(repository: Repository, text: string): Html {
  return renderMarkdown(text, { issues: pathOf(repository, 'issues') });
}

/** A commit's short name, leading to its page. */
export const commitLink = (repository: Repository, sha: string): Html =>
  html`<a href="${pathOf(repository, 'commit', sha)}"><code>${sha.slice(0, 7)}</code></a>`;

/** What to paste into a terminal. The token is left to the person. */
export const cloneLine = (world: World, repository: Repository): Html =>
  html`<code>git clone ${world.url}/${fullName(repository)}.git</code>`;
