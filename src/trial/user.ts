/** The user that a candidate runs as, which decides about its access to the machine's files and processes. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface User {
  /** The user id that the candidate sees. */
  id: number;
  /**
   * True: no other process on the machine has this user id. Only root can switch to it.
   * False: to the kernel, the candidate is the runner's user in a user namespace, without the user's rights.
   */
  isOwn: boolean;
}

/** A user namespace has user ids of its own; any will do. */
const IN_NAMESPACE: User = { id: 1000, isOwn: false };

/** User ids that systems reserve for temporary users (systemd's DynamicUser). Containers with 65,536 ids have them, too. */
const FIRST = 61_184;
const COUNT = 4_336;

/** The users that the candidate could run as, best first. */
export async function possibleUsers(): Promise<User[]> {
  if (process.getuid?.() !== 0) return [IN_NAMESPACE];
  return [{ id: await unusedId(), isOwn: true }, IN_NAMESPACE];
}

/** A user id without processes, so that limits per user only count this candidate. */
async function unusedId(): Promise<number> {
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
  const ids = Array.from({ length: COUNT }, (_, index) => FIRST + ((start + index) % COUNT));
  return ids.find(id => !used.includes(id)) ?? FIRST;
}

/** Arguments before a command that switch to this user for good. Keeps the groups of GPU devices that only a group can use. */
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
