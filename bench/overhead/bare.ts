/** The loop that a script would run: edit, commit, measure, reset. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { BEGIN, COMMAND, END } from './repository.ts';

/** Seconds beside the command, the mean of `times` rounds. */
export async function bareLoop(root: string, times: number): Promise<number> {
  const file = join(root, 'train.py');
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=you', '-c', 'user.email=you@localhost', ...args], { cwd: root });
  const started = performance.now();
  let inside = 0;
  for (let round = 0; round < times; round++) {
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^RATE = .*$/m, `RATE = 0.${round + 6}`));
    await git('commit', '--quiet', '--all', '--message', 'An edit');
    let began = Number.NaN;
    for await (const line of execa({ cwd: root })`${COMMAND.split(' ')}`) {
      if (line === BEGIN) began = performance.now();
      if (line === END) inside += performance.now() - began;
    }
    await git('reset', '--quiet', '--hard', 'HEAD~1');
  }
  return (performance.now() - started - inside) / 1000 / times;
}
