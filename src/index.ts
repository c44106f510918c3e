/** The Probot application: webhooks only wake the loops. This is the only file that names webhook events. */
import { getPrivateKey } from '@probot/get-private-key';
import type { ApplicationFunction, Probot } from 'probot';
import { z } from 'zod';
import { type AppSettings, startWork } from './app/work.ts';
import { starterTemplates } from './starter/templates.ts';

/** Default wait between two steps without a webhook. */
const POLL_SECONDS = 60;

/** The application with the given settings; the others come from the environment. */
export function createApp(settings: Partial<AppSettings> = {}): ApplicationFunction {
  return (probot: Probot) => {
    const work = startWork(probot, { ...settingsFromEnvironment(), ...settings });
    probot.on(
      [
        'issue_comment.created',
        'issue_comment.edited',
        'issues.closed',
        'issues.opened',
        'issues.reopened',
        'pull_request.closed',
        'pull_request.reopened',
        'pull_request.synchronize',
        'push',
        'workflow_run.completed',
        'workflow_run.in_progress',
      ],
      ({ name, payload }) => {
        const { repository, installation } = payload;
        // Its own status comment is edited all the time, which is no news.
        if (name === 'issue_comment' && payload.action === 'edited' && payload.sender.type === 'Bot') return;
        if (repository?.owner && installation)
          work.nudge({
            id: repository.id,
            repository: { owner: repository.owner.login, name: repository.name },
            installation: installation.id,
          });
      },
    );
    probot.on(['installation', 'installation_repositories'], () => work.discover());
  };
}

/** Loaded by `probot run`. */
export default createApp();

function settingsFromEnvironment(): AppSettings {
  const { env } = process;
  return {
    pollSeconds: pollSeconds(env.AUTORESEARCH_POLL_SECONDS),
    seedSecret: getPrivateKey({ env }) ?? env.WEBHOOK_SECRET ?? 'development',
    agentEnv: { OPENAI_API_KEY: env.OPENAI_API_KEY, OPENAI_BASE_URL: env.OPENAI_BASE_URL },
    templates: starterTemplates(),
    now: () => new Date(),
    signal: new AbortController().signal,
  };
}

function pollSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return POLL_SECONDS;
  const seconds = z.coerce.number().min(1).max(86_400).safeParse(text);
  if (!seconds.success)
    throw new Error(
      `AUTORESEARCH_POLL_SECONDS: expected a number of seconds from 1 to 86400, found ${JSON.stringify(text)}.`,
    );
  return seconds.data;
}
