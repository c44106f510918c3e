/** What the built-in agent can change in a repository, said before anything is measured. */
import { type Constant, parseConstants } from './constants.ts';
import { isTunable } from './steps.ts';

/** Most settings that are listed. */
const LISTED = 12;

/** The settings in the editable files that are worth changing, in file order. */
export function settingsIn(files: ReadonlyMap<string, string>): Constant[] {
  return [...files].flatMap(([path, text]) => parseConstants(path, text)).filter(isTunable);
}

/** One sentence or two; `mark` makes text from a file safe where it is shown. */
export function settingsText(
  settings: readonly Constant[],
  paths: readonly string[],
  mark: (text: string) => string,
): string {
  if (settings.length === 0)
    return (
      `The built-in agent found nothing to change in ${paths.map(mark).join(', ')}. It changes numbers and booleans: ` +
      'upper-case constants of Python, JavaScript, TypeScript and Rust, alone or in tuples, lists and dictionaries, and the values of YAML, ' +
      'JSON, TOML and shell files. Write your settings like that, or add a language model under `agents`.'
    );
  const listed = settings.slice(0, LISTED).map(({ name, written }) => mark(`${name} = ${written}`));
  const more = settings.length > LISTED ? ` and ${settings.length - LISTED} more` : '';
  const count = settings.length === 1 ? 'one setting' : `${settings.length} settings`;
  return `The built-in agent can change ${count}: ${listed.join(', ')}${more}.`;
}
