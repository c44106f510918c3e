/** Refs. */
import type { ObjectReader } from './batch.ts';
import type { GitCommand } from './command.ts';
import { isRefName } from './names.ts';

export interface RefUpdate {
  ref: string;
  /** null deletes it. */
  to: string | null;
  /** What it must point at now; null: it must not exist; undefined: anything. */
  from?: string | null;
}

const ZERO = '0'.repeat(40);

export function refsOf({ run, lines }: GitCommand, reader: ObjectReader) {
  return {
    /** The refs below `prefix` (such as `refs/heads/`), by name. */
    async refs(prefix: string): Promise<{ ref: string; sha: string }[]> {
      const found = await lines(['for-each-ref', '--format=%(objectname) %(refname)', prefix]);
      return found.map(line => ({ sha: line.slice(0, 40), ref: line.slice(41) }));
    },
    /** What a full ref points at; null where it does not exist. */
    async refSha(ref: string): Promise<string | null> {
      return isRefName(ref) ? ((await reader.read(ref))?.sha ?? null) : null;
    },
    /** Updates all the refs or none. Rejects where one is not where it must be, or its name is in another's way. */
    async updateRefs(updates: readonly RefUpdate[]): Promise<void> {
      const input = updates
        .map(({ ref, to, from }) => `update ${ref}\0${to ?? ZERO}\0${from === null ? ZERO : (from ?? '')}\0`)
        .join('');
      await run(['update-ref', '-z', '--stdin'], { input });
    },
  };
}
