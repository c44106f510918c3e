/** Who is asking: reads the Authorization header. Credentials are checked against real time, because clients make them with it. */
import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { GitHubError } from './errors.ts';
import type { Permission, Token } from './state.ts';
import { account, botLogin, type World } from './world.ts';

export type Actor =
  | { kind: 'anonymous' }
  | { kind: 'user'; login: string; permission: Permission }
  | { kind: 'app' }
  | Token;

const headSchema = z.object({ alg: z.literal('RS256') });
const claimsSchema = z.object({
  iss: z.union([z.string(), z.number()]),
  iat: z.number(),
  exp: z.number(),
});
const MAX_JWT_SECONDS = 600;
const CLOCK_DRIFT_SECONDS = 60;

/** The actor behind an Authorization header (Bearer, token or Basic). Throws 401 for credentials that are wrong or expired. */
export function identify(world: World, header: string | undefined): Actor {
  if (!header) return { kind: 'anonymous' };
  const credential = credentialOf(header);
  if (credential.split('.').length === 3) return identifyApp(world, credential);
  const user = world.options.users.find(one => one.token === credential);
  if (user) return { kind: 'user', login: account(world, user.login).login, permission: user.permission };
  const token = world.state.tokens.find(one => one.token === credential);
  if (token && Date.parse(token.expiresAt) > Date.now()) return token;
  throw new GitHubError(401, 'Bad credentials');
}

/** The login under which an actor writes. Throws 401 where it may not write at all. */
export function loginOf(world: World, actor: Actor): string {
  if (actor.kind === 'user') return actor.login;
  if (actor.kind === 'installation') return botLogin(world);
  throw new GitHubError(401, 'Requires authentication');
}

function credentialOf(header: string): string {
  const [scheme = '', value = ''] = header.split(/\s+/, 2);
  if (scheme.toLowerCase() !== 'basic') return value;
  // Git sends the token as the password of whatever user.
  return Buffer.from(value, 'base64').toString('utf8').split(':', 2)[1] ?? '';
}

function identifyApp(world: World, jwt: string): Actor {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  const { app } = world.options;
  const key = createPublicKey(app.publicKey);
  const signed = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${body}`),
    key,
    Buffer.from(signature, 'base64url'),
  );
  if (!signed || !headSchema.safeParse(decode(head)).success) {
    throw new GitHubError(401, 'A JSON web token could not be decoded');
  }
  const claims = claimsSchema.safeParse(decode(body));
  if (!claims.success) throw new GitHubError(401, 'A JSON web token could not be decoded');
  const { iss, iat, exp } = claims.data;
  const now = Date.now() / 1000;
  if (String(iss) !== String(app.id)) throw new GitHubError(401, 'Integration not found');
  if (exp <= now) {
    throw new GitHubError(401, "'Expiration time' claim ('exp') must be a time in the future");
  }
  if (exp > now + MAX_JWT_SECONDS + CLOCK_DRIFT_SECONDS) {
    throw new GitHubError(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  if (iat > now + CLOCK_DRIFT_SECONDS) {
    throw new GitHubError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  return { kind: 'app' };
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
