/** Whether the Node that npm has installed is the one that we expect. Plain JavaScript without dependencies, because the setup needs it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const NODE_HASHES = 'scripts/node.sha256';

/** The hash of Node's program on a platform such as linux-x64; undefined where none is known. */
export function expectedHash(platform) {
  return new RegExp(`^([0-9a-f]{64}) {2}${platform}$`, 'm').exec(readFileSync(NODE_HASHES, 'utf8'))?.[1];
}

/** What is wrong with the program at `file`; null if it is as expected, or nothing is known of the platform. */
export function nodeProblem(file, platform) {
  const expected = expectedHash(platform);
  if (expected === undefined) return null;
  const found = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (found === expected) return null;
  return `${file}: expected the program with SHA-256 ${expected} (${NODE_HASHES}), found ${found}.`;
}
