/** A bare git repository on disk: the storage behind the REST routes. */
import { existsSync } from 'node:fs';
import { objectReader } from './batch.ts';
import { gitIn } from './command.ts';
import { historyOf } from './history.ts';
import { objectsOf } from './objects.ts';
import { refsOf } from './refs.ts';
import { writesOf } from './write.ts';

export type Git = ReturnType<typeof openGit>;

/** Opens the repository at `dir`. */
export function openGit(dir: string) {
  if (!existsSync(dir)) throw new Error(`Expected a git repository at ${dir}, found nothing.`);
  const command = gitIn(dir);
  const reader = objectReader(dir);
  return {
    ...objectsOf(reader),
    ...writesOf(command),
    ...refsOf(command, reader),
    ...historyOf(command),
    close: () => reader.close(),
  };
}
