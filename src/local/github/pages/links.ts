/** Addresses of the pages: the same as the REST API's `html_url`, without the host. */
import type { Issue, Repository } from '../state.ts';

/** Path of a page of the repository; every segment is encoded, and slashes inside one remain. */
export function pathOf(repository: Repository, ...segments: (string | number)[]): string {
  return ['', repository.owner, repository.name, ...segments].map(encodePath).join('/');
}

export function issuePath(repository: Repository, issue: Issue): string {
  return pathOf(repository, issue.pull ? 'pull' : 'issues', issue.number);
}

const encodePath = (segment: string | number) => String(segment).split('/').map(encodeURIComponent).join('/');
