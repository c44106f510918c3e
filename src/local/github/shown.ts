/** What this server shows to whoever is on this machine, without a token. */
import type { World } from './world.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether the request may read everything: the server was started with `pages`, and is addressed by this machine's own name. With a name of
 * someone else's DNS that leads here, any site could read it through the browser of a person here.
 */
export function isShown(world: World, request: Request): boolean {
  const host = request.headers.get('host');
  const isLoopback =
    host !== null && URL.canParse(`http://${host}`) && LOOPBACK.has(new URL(`http://${host}`).hostname);
  return world.options.pages === true && isLoopback;
}
