/** The name that GitHub would give a repository. */

const MOST_CHARACTERS = 100;

/** `Mein Prüfstand` becomes `Mein-Pr-fstand`: every run of characters that GitHub does not allow becomes a dash. */
export function repositoryName(wanted: string): string {
  const name = wanted
    .normalize('NFC')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, MOST_CHARACTERS)
    // Reserved for the addresses of repositories and wikis.
    .replace(/\.(?:git|wiki)$/i, '');
  return /^[.-]*$/.test(name) ? 'repository' : name;
}
