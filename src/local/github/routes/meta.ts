/** The server itself. */
import type { Server } from '../http.ts';
import type { World } from '../world.ts';

const LIMIT = 15_000;

export function metaRoutes(server: Server, world: World): void {
  server.get('/', c => c.json({ current_user_url: `${world.url}/api/v3/user` }));
  server.get('/meta', c =>
    c.json({ verifiable_password_authentication: false, installed_version: '3.19.0' }),
  );
  server.get('/rate_limit', c => {
    const reset = Math.floor(Date.now() / 1000) + 3600;
    const rate = { limit: LIMIT, remaining: LIMIT, reset, used: 0 };
    return c.json({ resources: { core: rate, search: rate, graphql: rate }, rate });
  });
}
