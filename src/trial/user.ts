/** Whose rights a candidate has on the machine's files and processes. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface User {
  /** The number that the candidate sees. */
  id: number;
  /**
   * True: this number is nobody else's on the machine. Only root can start a sandbox for it.
   * False: outside, the candidate is the runner's user, without its rights.
   */
  isOwn: boolean;
}

/** A namespace of users has numbers of its own; one is as good as another. */
const IN_NAMESPACE: User = { id: 1000, isOwn: false };

/** Numbers that systems keep for users who come and go, and that containers of 65,536 users have too. */
const FIRST = 61_184;
const COUNT = 4_336;

/** Whom the candidate may be, the best first. */
export async function possibleUsers(): Promise<User[]> {
  if (process.getuid?.() !== 0) return [IN_NAMESPACE];
  return [{ id: await unusedNumber(), isOwn: true }, IN_NAMESPACE];
}

/** A number whose processes there are none of, so that limits for each user count this candidate alone. */
async function unusedNumber(): Promise<number> {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name));
  const used = await Promise.all(
    pids.map(pid =>
      stat(`/proc/${pid}`).then(
        ({ uid }) => uid,
        () => null,
      ),
    ),
  );
  const start = process.pid % COUNT;
  const numbers = Array.from({ length: COUNT }, (_, index) => FIRST + ((start + index) % COUNT));
  return numbers.find(number => !used.includes(number)) ?? FIRST;
}

/**
 * Words before a command that make it this user's, for ever. `devices` may be used by their groups alone, which stay the candidate's.
 */
export async function becoming(user: User, devices: string): Promise<string[]> {
  if (!user.isOwn) return [];
  const names = (await readdir(devices).catch(() => [])).filter(name => name.startsWith('nvidia'));
  const groups = new Set<number>();
  for (const name of names) {
    const { mode, gid } = await stat(join(devices, name));
    const readWrite = 0o6;
    if ((mode & readWrite) !== readWrite && ((mode >> 3) & readWrite) === readWrite) groups.add(gid);
  }
  const kept = groups.size > 0 ? ['--groups', [...groups].join(',')] : ['--clear-groups'];
  return [
    ...['setpriv', '--reuid', String(user.id), '--regid', String(user.id), ...kept],
    ...['--inh-caps=-all', '--bounding-set=-all', '--'],
  ];
}
