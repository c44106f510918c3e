/** Errors that the command line reports in one line, without a stack trace. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { durationSchema } from '../protocol/duration.ts';

/** The request was valid but failed: exit code 1. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** An option parser for whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < min || number > max)
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return number;
  };
}

/** An option parser for durations such as 90s, 5m or 1h, which are checked and kept as text. */
export function durationText(text: string): string {
  const parsed = durationSchema.safeParse(text);
  if (!parsed.success)
    throw new InvalidArgumentError('Expected a duration of at most 24h, such as 90s, 5m or 1h.');
  return text;
}

/** What the operating system refused, in words; null for any other error. Programs that we run say it in their output. */
export function systemProblem(error: unknown): string | null {
  const { code, path, port } = asFound(error ?? {});
  const text = error instanceof Error ? error.message : String(error);
  const problem = SYSTEM_PROBLEMS.find(({ codes, says }) => codes.includes(String(code)) || says.test(text));
  const where = typeof path === 'string' ? ` (${path})` : typeof port === 'number' ? ` (${port})` : '';
  return problem ? problem.sentence.replace('{}', where) : null;
}

interface SystemError {
  code?: unknown;
  syscall?: unknown;
  path?: unknown;
  port?: unknown;
}

/** Node says ENOENT of a folder with its parents that cannot be made on a read-only disk: asks the system again, of the parent that exists. */
function asFound(error: SystemError): SystemError {
  if (error.code !== 'ENOENT' || error.syscall !== 'mkdir' || typeof error.path !== 'string') return error;
  let parent = dirname(error.path);
  while (!existsSync(parent) && parent !== dirname(parent)) parent = dirname(parent);
  try {
    accessSync(parent, constants.W_OK);
    return error;
  } catch (refused) {
    return refused as SystemError;
  }
}

const SYSTEM_PROBLEMS = [
  {
    codes: ['ENOSPC', 'EDQUOT'],
    says: /no space left on device|disk quota exceeded|database or disk is full/i,
    sentence: 'The disk is full{}. Free some space, or use a directory on another disk.',
  },
  {
    codes: ['EMFILE', 'ENFILE'],
    says: /too many open files/i,
    sentence: 'Too many open files{}: the limit of this shell is too low. Raise it with `ulimit -n 1024`.',
  },
  {
    codes: ['EACCES', 'EPERM'],
    says: /permission denied/i,
    sentence: 'Permission denied{}. Use a directory and files that belong to you.',
  },
  {
    codes: ['EROFS'],
    says: /read-only file system/i,
    sentence: 'The disk is read-only{}. Use a directory that can be written.',
  },
  {
    codes: ['EADDRINUSE'],
    says: /address already in use/i,
    sentence: 'The port is in use{}. Stop what uses it, or choose another one.',
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
    says: /getaddrinfo|network is unreachable/i,
    sentence: 'The network or the server cannot be reached{}. Check the connection and the address.',
  },
];
