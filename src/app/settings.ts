/** The App's settings in the environment. */
import { z } from 'zod';
import { agentEnvOf } from '../agents/create.ts';
import { secretsIn } from '../protocol/secrets.ts';
import { UsageError } from '../starter/errors.ts';
import { starterTemplates } from '../starter/templates.ts';
import type { AppSettings } from './work.ts';

/** Default wait between two steps without a webhook. */
const POLL_SECONDS = 60;

/** Settings as a server has them, with what `env` says about agents and polling. Throws a UsageError. */
export function settingsFrom(env: NodeJS.ProcessEnv): Omit<AppSettings, 'seedSecret'> {
  return {
    pollSeconds: pollSeconds(env.AUTORESEARCH_POLL_SECONDS),
    secrets: secretsIn(env),
    agentEnv: agentEnvOf(env),
    templates: starterTemplates(),
    now: () => new Date(),
    signal: new AbortController().signal,
  };
}

function pollSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return POLL_SECONDS;
  const seconds = z.coerce.number().min(1).max(86_400).safeParse(text);
  if (!seconds.success)
    throw new UsageError(
      `AUTORESEARCH_POLL_SECONDS: expected a number of seconds from 1 to 86400, found ${JSON.stringify(text)}.`,
    );
  return seconds.data;
}
