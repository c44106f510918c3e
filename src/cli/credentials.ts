/** The App's credentials and address in the environment, as `serve` needs them and `doctor` checks them. */
import { createPrivateKey } from 'node:crypto';
import { globSync } from 'node:fs';
import { getPrivateKey } from '@probot/get-private-key';
import { UsageError } from '../starter/errors.ts';
import { CHECKOUT } from '../starter/own-checkout.ts';
import { isLoopback } from '../starter/own-host.ts';
import { wholeNumber } from './errors.ts';

const PORT = 3000;

export interface Address {
  host: string;
  port: number;
}

/** Where webhooks are received. Throws a UsageError. */
export function addressFrom(env: NodeJS.ProcessEnv): Address {
  return { host: env.HOST || '127.0.0.1', port: portOf(env.PORT) };
}

export interface Credentials {
  appId: string;
  privateKey: string;
  /** Null if there is none, which is fine on a machine that nobody can reach: the App polls GitHub. */
  webhookSecret: string | null;
}

/** Throws a UsageError for credentials that cannot work. With `pollOnly`, no secret is needed. */
export function credentialsFrom(env: NodeJS.ProcessEnv, { pollOnly = false } = {}): Credentials {
  const { APP_ID: appId = '' } = env;
  if (!/^\d+$/.test(appId))
    throw new UsageError(
      `APP_ID: expected the number from the App's settings page, found ${JSON.stringify(appId)}.`,
    );
  const privateKey = privateKeyFrom(env);
  return { appId, privateKey, webhookSecret: pollOnly ? null : webhookSecretFrom(env) };
}

function privateKeyFrom(env: NodeJS.ProcessEnv): string {
  const name = env.PRIVATE_KEY ? 'PRIVATE_KEY' : 'PRIVATE_KEY_PATH';
  if (!env[name] && globSync('*.pem', { cwd: CHECKOUT }).length === 0)
    throw new UsageError(
      "PRIVATE_KEY: expected the App's private key, or its file in PRIVATE_KEY_PATH, found neither. Generate one on the App's settings page.",
    );
  try {
    const key = getPrivateKey({ env, cwd: CHECKOUT }) ?? '';
    createPrivateKey(key);
    return key;
  } catch {
    throw new UsageError(
      `${name}: expected the App's private key in PEM format (-----BEGIN RSA PRIVATE KEY-----), found something else. Generate one on the App's settings page.`,
    );
  }
}

function webhookSecretFrom(env: NodeJS.ProcessEnv): string | null {
  if (env.WEBHOOK_SECRET) return env.WEBHOOK_SECRET;
  const { host } = addressFrom(env);
  if (isLoopback(host.includes(':') ? `[${host}]` : host)) return null;
  throw new UsageError(
    `WEBHOOK_SECRET: expected the App's webhook secret, found none, although other machines can reach ${host}. Set it, or use --poll-only.`,
  );
}

function portOf(text: string | undefined): number {
  if (!text) return PORT;
  try {
    return wholeNumber(0, 65_535)(text);
  } catch {
    throw new UsageError(`PORT: expected a whole number from 0 to 65535, found ${JSON.stringify(text)}.`);
  }
}
