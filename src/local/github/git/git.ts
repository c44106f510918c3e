/** A bare git repository on disk: the storage behind the REST routes. */
import { randomUUID } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa, type Options } from 'execa';
import { type GitObject, objectReader } from './batch.ts';
import { diffTrees, type FileDiff } from './diff.ts';
import { memo } from './memo.ts';
import { type Commit, parseCommit, parseTree, type Signature, type TreeEntry } from './parse.ts';

/** One change of a tree: a blob at a path, or null for its removal. */
export interface TreeChange {
  path: string;
  mode: string;
  sha: string | null;
}

export interface RefUpdate {
  ref: string;
  /** null deletes it. */
  to: string | null;
  /** What it must point at now; null: it must not exist; undefined: anything. */
  from?: string | null;
}

export type Git = ReturnType<typeof openGit>;

const ZERO = '0'.repeat(40);
const SHA = /^[0-9a-f]{40}$/;

/** Pull requests' refs belong to the server; objects that nothing points at are kept, as any of them may be asked for. */
const SETTINGS = `[http]
\treceivepack = true
[uploadpack]
\tallowAnySHA1InWant = true
[receive]
\thideRefs = refs/pull
\tautogc = false
[gc]
\tauto = 0
`;

/** Refuses what an App without the `workflows` permission may not push. */
const PRE_RECEIVE = `#!/bin/sh
[ -n "$REFUSE_WORKFLOWS" ] || exit 0
while read -r old new ref; do
  case "$new" in *[!0]*) ;; *) continue ;; esac
  if git rev-list "$new" --not --all -- .github/workflows | grep -q .; then
    echo "refusing to allow a GitHub App to create or update workflow in $ref without \\\`workflows\\\` permission" >&2
    exit 1
  fi
done
`;

/** Makes an empty bare repository at `dir` whose HEAD is `branch`. */
export async function initGit(dir: string, branch: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await execa('git', ['init', '--quiet', '--bare', `--initial-branch=${branch}`, '.'], { cwd: dir });
  appendFileSync(join(dir, 'config'), SETTINGS);
  const hook = join(dir, 'hooks', 'pre-receive');
  mkdirSync(join(dir, 'hooks'), { recursive: true });
  writeFileSync(hook, PRE_RECEIVE);
  chmodSync(hook, 0o755);
}

/** Opens the repository at `dir`. Objects are immutable, so whatever is asked by object id is remembered. */
export function openGit(dir: string) {
  if (!existsSync(dir)) throw new Error(`Expected a git repository at ${dir}, found nothing.`);
  const reader = objectReader(dir);
  const run = async (args: string[], options: Options = {}) => {
    const { stdout } = await execa('git', args, { cwd: dir, ...options });
    return String(stdout);
  };
  const lines = async (args: string[]) => (await run(args)).split('\n').filter(line => line !== '');

  const objects = memo<GitObject | null>(
    async (name: string) => reader.read(name),
    object => object !== null && object.content.length < 100_000,
  );
  const read = (revision: string) => (SHA.test(revision) ? objects(revision) : reader.read(revision));

  /** The commit that a revision names (through tags); null where there is none. */
  const commit = async (revision: string): Promise<Commit | null> => {
    const object = SHA.test(revision) ? await read(revision) : await read(`${revision}^{commit}`);
    return object?.type === 'commit' ? parseCommit(object.sha, object.content) : null;
  };

  /** One level of the tree that a revision (or `<sha>:<path>`) names; null where it names none. */
  const tree = async (revision: string): Promise<{ sha: string; entries: TreeEntry[] } | null> => {
    const object = await read(revision);
    if (object?.type === 'commit') return tree(parseCommit(object.sha, object.content).tree);
    return object?.type === 'tree' ? { sha: object.sha, entries: parseTree(object.content) } : null;
  };

  const writeBlob = (content: Uint8Array) => run(['hash-object', '-w', '--stdin'], { input: content });

  /** A tree that is `base` (null: empty) with `changes` made; a temporary index keeps concurrent callers apart. */
  const writeTree = async (base: string | null, changes: readonly TreeChange[]): Promise<string> => {
    const index = join(dir, `index-${randomUUID()}`);
    const env = { GIT_INDEX_FILE: index };
    try {
      await run(['read-tree', base ?? '--empty'], { env });
      const input = changes
        .map(({ path, mode, sha }) => (sha === null ? `0 ${ZERO}\t${path}\0` : `${mode} ${sha}\t${path}\0`))
        .join('');
      await run(['update-index', '--add', '--replace', '-z', '--index-info'], { env, input });
      return await run(['write-tree'], { env });
    } finally {
      rmSync(index, { force: true });
    }
  };

  const writeCommit = (o: {
    tree: string;
    parents: readonly string[];
    message: string;
    author: Signature;
    committer: Signature;
  }) => {
    const person = ({ name, email, date }: Signature) =>
      `${clean(name)} <${clean(email)}> ${Math.floor(Date.parse(date) / 1000)} +0000`;
    const head = [
      `tree ${o.tree}`,
      ...o.parents.map(parent => `parent ${parent}`),
      `author ${person(o.author)}`,
      `committer ${person(o.committer)}`,
    ];
    return run(['hash-object', '-w', '-t', 'commit', '--stdin'], {
      input: `${head.join('\n')}\n\n${o.message}`,
    });
  };

  /** The refs below `prefix` (such as `refs/heads/`), by name. */
  const refs = async (prefix: string): Promise<{ ref: string; sha: string }[]> =>
    (await lines(['for-each-ref', '--format=%(objectname) %(refname)', prefix])).map(line => ({
      sha: line.slice(0, 40),
      ref: line.slice(41),
    }));

  /** What a full ref points at; null where it does not exist. */
  const refSha = async (ref: string) => (await reader.read(ref))?.sha ?? null;

  /** Updates all the refs or none. Throws where one is not where it must be, or its name stands in another's way. */
  const updateRefs = async (updates: readonly RefUpdate[]): Promise<void> => {
    const input = updates
      .map(({ ref, to, from }) => `update ${ref}\0${to ?? ZERO}\0${from === null ? ZERO : (from ?? '')}\0`)
      .join('');
    await run(['update-ref', '-z', '--stdin'], { input });
  };

  const mergeBase = memo<string | null>(async (pair: string) => {
    const { stdout, exitCode } = await execa('git', ['merge-base', ...pair.split(' ')], {
      cwd: dir,
      reject: false,
    });
    return exitCode === 0 ? stdout : null;
  });

  /** Tree of the three-way merge of two commits; null where they conflict. */
  const merge = memo<string | null>(async (pair: string) => {
    const { stdout, exitCode, stderr } = await execa(
      'git',
      ['merge-tree', '--write-tree', ...pair.split(' ')],
      {
        cwd: dir,
        reject: false,
      },
    );
    if (exitCode === 0) return stdout.slice(0, 40);
    if (exitCode === 1) return null;
    throw new Error(`git merge-tree failed in ${dir}: ${stderr}`);
  });

  const between = memo<string[]>((range: string) => lines(['rev-list', range]));

  const diffs = memo<FileDiff[]>((pair: string) => {
    const [from = '', to = ''] = pair.split(' ');
    return diffTrees(dir, from === '-' ? null : from, to);
  });

  return {
    dir,
    read,
    commit,
    tree,
    writeBlob,
    writeTree,
    writeCommit,
    refs,
    refSha,
    updateRefs,
    merge: (ours: string, theirs: string) => merge(`${ours} ${theirs}`),
    mergeBase: (a: string, b: string) => mergeBase(`${a} ${b}`),
    diff: (from: string | null, to: string) => diffs(`${from ?? '-'} ${to}`),
    /** Commits reachable from `to` and not from `from`, newest first. */
    between: (from: string, to: string) => between(`${from}..${to}`),
    /** Ids of the commits that `git rev-list` lists, newest first. */
    revList: (...args: string[]) => lines(['rev-list', ...args]),
    /** Every entry below a tree. */
    async listRecursively(sha: string): Promise<(TreeEntry & { size: number | null })[]> {
      const output = await run(['ls-tree', '-r', '-t', '-l', '-z', sha]);
      return output.split('\0').filter(Boolean).map(parseListed);
    },
    close: () => reader.close(),
  };
}

function parseListed(line: string): TreeEntry & { size: number | null } {
  const [facts = '', path = ''] = line.split('\t');
  const [mode = '', type = '', sha = '', size = '-'] = facts.split(/ +/);
  const kind = type === 'tree' || type === 'commit' ? type : 'blob';
  return { mode, type: kind, sha, path, size: size === '-' ? null : Number(size) };
}

/** A name or address that cannot end its line of the commit. */
const clean = (text: string) => text.replace(/[<>\n\0]/g, '').trim();
