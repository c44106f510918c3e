/** The merges of a campaign, read from the messages of its commits. */
import { type MergeNote, mergeNote } from '../../render/commit.ts';
import { UsageError } from '../../starter/errors.ts';
import { git } from '../../trial/git.ts';

export interface Merge extends MergeNote {
  commit: string;
  /** The champion that it replaced. */
  parent: string;
}

interface Wanted {
  /** Null: the campaign of the newest merge. */
  issue: number | null;
  /** Null: the branch that HEAD is on. */
  branch: string | null;
  /** Pull requests; empty: all. */
  pulls: readonly number[];
}

/** The merges, oldest first. Throws a UsageError if there is none, with where to look. */
export async function findMerges(root: string, { issue, branch, pulls }: Wanted): Promise<Merge[]> {
  const all = await mergesOn(root, branch ?? 'HEAD');
  const campaign = issue ?? all.at(-1)?.campaign;
  const own = all.filter(merge => merge.campaign === campaign);
  if (own.length === 0) throw new UsageError(await nothingFound(root, issue, branch, all));
  const missing = pulls.find(pull => own.every(merge => merge.pull !== pull));
  if (missing !== undefined)
    throw new UsageError(
      `--pull: expected merges of campaign #${campaign} (${own.map(({ pull }) => `#${pull}`).join(', ')}), found #${missing}.`,
    );
  return own.filter(({ pull }) => pulls.length === 0 || pulls.includes(pull));
}

async function mergesOn(root: string, branch: string): Promise<Merge[]> {
  const log = await git(root, [
    'log',
    '-z',
    '--reverse',
    '--format=%H %P%n%B',
    '--grep=^Campaign: #',
    branch,
    '--',
  ]).catch(() => null);
  if (log === null)
    throw new UsageError(`--branch: expected a branch or a commit of ${root}, found ${branch}.`);
  return log
    .toString()
    .split('\0')
    .flatMap(entry => {
      const end = entry.indexOf('\n');
      const note = mergeNote(entry.slice(end + 1));
      const [commit = '', parent, ...others] = entry.slice(0, end).split(' ');
      if (note === null || others.length > 0) return [];
      if (parent === undefined || parent === '') throw new UsageError(SHALLOW);
      return [{ ...note, commit, parent }];
    });
}

const SHALLOW =
  'The history of this clone is cut off before the first merge. Run `git fetch --unshallow`, then try again.';

async function nothingFound(
  root: string,
  issue: number | null,
  branch: string | null,
  all: readonly Merge[],
): Promise<string> {
  const campaigns = [...new Set(all.map(({ campaign }) => `#${campaign}`))];
  const what = issue === null ? 'merges of a campaign' : `merges of campaign #${issue}`;
  const found = campaigns.length > 0 ? `those of ${campaigns.join(', ')}` : 'none';
  const names = (
    await git(root, ['branch', '--all', '--format=%(refname:short)', '--list', '*research/*/base'])
  ).toString();
  const [own] = names.split('\n').filter(name => name !== '');
  const hint =
    own === undefined
      ? 'Fetch the branch that the campaign merged into'
      : `Campaigns with a branch of their own: \`--branch ${own}\``;
  return `Expected ${what} on ${branch ?? 'the current branch'} of ${root} (squash commits that end with \`Experiment: #…\` and \`Campaign: #…\`), found ${found}. ${hint}.`;
}
