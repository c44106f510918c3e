/** The manifest from which GitHub creates the App: app.yml, with the addresses of this machine. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { CHECKOUT } from '../starter/own-checkout.ts';
import { WEBHOOK_PATH } from './endpoint.ts';

const appSchema = z.looseObject({ name: z.string(), url: z.string() });

export interface ManifestOptions {
  /** Where GitHub sends the browser when the App has been created. */
  redirectUrl: string;
  /** Address at which GitHub reaches this machine, without a path; null if there is none, and the App polls. */
  publicAddress: string | null;
}

export function manifestOf({ redirectUrl, publicAddress }: ManifestOptions): string {
  const app = appSchema.parse(load(readFileSync(path.join(CHECKOUT, 'app.yml'), 'utf8')));
  const hook =
    publicAddress === null
      ? // GitHub wants an address even if it never sends anything there.
        { url: app.url, active: false }
      : { url: `${publicAddress}${WEBHOOK_PATH}`, active: true };
  return JSON.stringify({ ...app, redirect_url: redirectUrl, hook_attributes: hook });
}
