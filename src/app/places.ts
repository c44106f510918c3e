/** The repositories that the App is installed on. */
import type { Probot } from 'probot';
import type { Repository } from '../github/port.ts';

/** An installation that cannot be listed in this time is listed with the next discovery. */
const LIST_MS = 120_000;

/** A repository and the installation that has access to it. The id survives renames and transfers. */
export interface Place {
  id: number;
  repository: Repository;
  installation: number;
}

/** Whether name and installation are the same. */
export function isSame(a: Place, b: Place): boolean {
  return nameOf(a) === nameOf(b) && a.installation === b.installation;
}

/** Owner and name in lower case, because GitHub ignores case. */
export function nameOf({ repository: { owner, name } }: Place): string {
  return `${owner}/${name}`.toLowerCase();
}

/** The App's installations that are not suspended. */
export async function listInstallations(probot: Pick<Probot, 'auth'>): Promise<number[]> {
  const app = await probot.auth();
  const all = await app.paginate(app.rest.apps.listInstallations, { per_page: 100 });
  return all.flatMap(({ id, suspended_at }) => (suspended_at ? [] : id));
}

/** The repositories of an installation that are not archived. */
export async function placesOf(probot: Pick<Probot, 'auth'>, installation: number): Promise<Place[]> {
  const octokit = await probot.auth(installation);
  const all = await octokit.paginate(octokit.rest.apps.listReposAccessibleToInstallation, {
    per_page: 100,
    request: { signal: AbortSignal.timeout(LIST_MS) },
  });
  return all
    .filter(({ archived }) => !archived)
    .map(({ id, owner, name }) => ({ id, repository: { owner: owner.login, name }, installation }));
}
