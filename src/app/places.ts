/** The repositories that the App is installed on. */
import type { Probot } from 'probot';
import type { Repository } from '../github/port.ts';

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

/** All places by id, and the installations whose repositories could not be listed. */
export async function findPlaces(
  probot: Pick<Probot, 'auth' | 'log'>,
): Promise<{ places: Map<number, Place>; unlisted: Set<number> }> {
  const places = new Map<number, Place>();
  const unlisted = new Set<number>();
  const app = await probot.auth();
  const installations = await app.paginate(app.rest.apps.listInstallations, { per_page: 100 });
  for (const { id, suspended_at } of installations) {
    if (suspended_at) continue;
    try {
      for (const place of await placesOf(probot, id)) places.set(place.id, place);
    } catch (error) {
      unlisted.add(id);
      probot.log.error(
        { err: error, installation: id },
        'cannot list the repositories of an installation; retrying later',
      );
    }
  }
  return { places, unlisted };
}

async function placesOf(probot: Pick<Probot, 'auth'>, installation: number): Promise<Place[]> {
  const octokit = await probot.auth(installation);
  const all = await octokit.paginate(octokit.rest.apps.listReposAccessibleToInstallation, { per_page: 100 });
  return all
    .filter(({ archived }) => !archived)
    .map(({ id, owner, name }) => ({ id, repository: { owner: owner.login, name }, installation }));
}
