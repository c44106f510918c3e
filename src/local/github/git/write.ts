/** Writing objects. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GitCommand } from './command.ts';
import type { Signature } from './parse.ts';

export interface NewFile {
  path: string;
  content: string | Uint8Array;
  /** Not executable by default. */
  mode?: '100644' | '100755';
}

export interface NewCommit {
  tree: string;
  parents: readonly string[];
  message: string;
  author: Signature;
  committer: Signature;
}

export function writesOf({ dir, run }: GitCommand) {
  const writeBlob = (content: string | Uint8Array) =>
    run(['hash-object', '-w', '--stdin'], { input: content });
  return {
    /** A tree that is `base` (null: empty) with files added or replaced. A temporary index keeps concurrent callers apart. */
    async writeTree(base: string | null, files: readonly NewFile[]): Promise<string> {
      const lines = files.map(
        async ({ path, content, mode = '100644' }) => `${mode} ${await writeBlob(content)}\t${path}\0`,
      );
      const input = (await Promise.all(lines)).join('');
      const index = join(dir, `index-${randomUUID()}`);
      const env = { GIT_INDEX_FILE: index };
      try {
        await run(['read-tree', base ?? '--empty'], { env });
        await run(['update-index', '--add', '--replace', '-z', '--index-info'], { env, input });
        return await run(['write-tree'], { env });
      } finally {
        rmSync(index, { force: true });
      }
    },
    writeCommit({ tree, parents, message, author, committer }: NewCommit): Promise<string> {
      const head = [
        `tree ${tree}`,
        ...parents.map(parent => `parent ${parent}`),
        `author ${written(author)}`,
        `committer ${written(committer)}`,
      ];
      const input = `${head.join('\n')}\n\n${message}`;
      return run(['hash-object', '-w', '-t', 'commit', '--stdin'], { input });
    },
  };
}

const written = ({ name, email, date }: Signature) =>
  `${clean(name)} <${clean(email)}> ${Math.floor(Date.parse(date) / 1000)} +0000`;

/** A name or address that cannot end its line of the commit. */
const clean = (text: string) => text.replace(/[<>\n\0]/g, '').trim();
