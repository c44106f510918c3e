/** Small pieces that several pages share. */

import type { CheckConclusion, CheckStatus, Issue, Reaction, Repository } from '../state.ts';
import { fullName, type World } from '../world.ts';
import { issuePath } from './links.ts';
import { renderMarkdown } from './markdown.ts';
import { type Html, html } from './markup.ts';
import { ago } from './time.ts';

/** Open, closed or merged. */
export function stateBadge(issue: Issue): Html {
  const state = stateOf(issue);
  return html`<span class="badge ${state}">${state[0]?.toUpperCase()}${state.slice(1)}</span>`;
}

function stateOf(issue: Issue): 'open' | 'closed' | 'merged' | 'done' {
  if (issue.pull?.mergedAt) return 'merged';
  if (issue.state === 'open') return 'open';
  return issue.pull ? 'closed' : 'done';
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

export const labels = (issue: Issue): Html[] =>
  issue.labels.map(name => html` <span class="label">${name}</span>`);

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

/** Markdown of a comment. References lead to the issues and pull requests of this repository. */
export function markdownOf(repository: Repository, text: string): Html {
  return renderMarkdown(text, number => {
    const issue = repository.issues[number - 1];
    return issue ? issuePath(repository, issue) : null;
  });
}

/** A commit's short name. */
export const commitName = (sha: string): Html => html`<code>${sha.slice(0, 7)}</code>`;

/** What to paste into a terminal. Reading needs no token where there are pages. */
export const cloneLine = (world: World, repository: Repository): Html =>
  html`<code>git clone ${world.url}/${fullName(repository)}.git</code>`;
