/** What the log says about an error: no bodies of requests and answers, which may hold what strangers wrote. */
import { masked } from '../protocol/secrets.ts';
import { statusOf } from './errors.ts';

interface ErrorFacts {
  err: { type: string; message: string; stack: string | undefined };
  /** Of GitHub's answer. */
  status?: number;
  /** Method and path. */
  request?: string;
}

const LONGEST_MESSAGE = 500;

export function errorFacts(error: unknown): ErrorFacts {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const status = statusOf(error);
  const request = requestOf(error);
  return {
    err: {
      type: name,
      message: masked(message.slice(0, LONGEST_MESSAGE)),
      stack: stack?.slice(stack.indexOf('\n    at ')),
    },
    ...(status !== undefined && { status }),
    ...(request !== null && { request }),
  };
}

function requestOf(error: unknown): string | null {
  const { request } = (error ?? {}) as { request?: { method?: unknown; url?: unknown } };
  if (typeof request?.url !== 'string' || !URL.canParse(request.url)) return null;
  return `${request.method} ${new URL(request.url).pathname}`;
}
