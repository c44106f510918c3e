/** One repository of a story: what people do there, and what they wait for. */

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Octokit } from '@octokit/rest';
import { denialIn } from '../github/denials.ts';
import { statusOf } from '../github/errors.ts';
import { BOT, type Person } from './github.test-helper.ts';
import { type Comment, type History, readHistory } from './history.test-helper.ts';

interface Clone {
  dir: string;
  /** Runs git there and returns its trimmed output. */
  git(...args: string[]): Promise<string>;
}

export interface Place {
  repo: { owner: string; repo: string };
  alice: Octokit;
  /** Opens an issue as alice. */
  issue(title?: string): Promise<number>;
  comment(person: Person, issue: number, text: string): Promise<number>;
  comments(issue: number): Promise<Comment[]>;
  /** Waits for the App's answer to a comment, and returns it without its hidden part. */
  answer(issue: number, comment: number): Promise<string>;
  /** Waits until a runner trains the trial. */
  training(trial: string): Promise<void>;
  reactions(comment: number): Promise<string[]>;
  /** Text of a file; null where there is none. */
  file(path: string, ref: string): Promise<string | null>;
  /** Waits until `look` finds something and returns it. */
  waitFor<T>(what: string, look: () => Promise<T | null | undefined | false>, seconds?: number): Promise<T>;
  /** Waits until the campaign's status comment matches, and returns it. */
  status(issue: number, pattern: RegExp, seconds?: number): Promise<string>;
  history(issue: number): Promise<History>;
  /** A fresh clone of main with a function that runs git there. */
  clone(): Promise<Clone>;
}

export interface PlaceOptions {
  url: string;
  /** Of alice. */
  token: string;
  people: Record<Person, Octokit>;
  errors: () => string[];
  /** Where clones go. */
  dir: string;
}

const PATIENCE_SECONDS = 60;

/** The repository `alice/<name>`. */
export function placeIn(options: PlaceOptions, name: string): Place {
  const { people } = options;
  const { alice } = people;
  const repo = { owner: 'alice', repo: name };
  let clones = 0;

  async function comments(issue: number): Promise<Comment[]> {
    const all = await alice.paginate(alice.rest.issues.listComments, {
      ...repo,
      issue_number: issue,
      per_page: 100,
    });
    return all.map(({ id, user, body }) => ({ id, author: user?.login ?? '', body: body ?? '' }));
  }

  async function waitFor<T>(
    what: string,
    look: () => Promise<T | null | undefined | false>,
    seconds = PATIENCE_SECONDS,
  ): Promise<T> {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      await sleep(100);
    }
    const logged = options.errors().slice(-5).join('\n  ') || 'nothing';
    throw new Error(
      `Waited ${seconds} s in vain for ${what} in ${name}. Errors that the App logged:\n  ${logged}`,
    );
  }

  async function clone(): Promise<Clone> {
    const dir = join(options.dir, `${name}-${clones++}`);
    const url = `${options.url.replace('//', `//alice:${options.token}@`)}/alice/${name}.git`;
    await runGit(undefined, 'clone', '--quiet', url, dir);
    return { dir, git: (...args: string[]) => runGit(dir, ...args) };
  }

  return {
    repo,
    alice,
    comments,
    waitFor,
    clone,
    issue: async (title = 'Make it better') =>
      (await alice.rest.issues.create({ ...repo, title })).data.number,
    comment: async (person, issue, body) =>
      (await people[person].rest.issues.createComment({ ...repo, issue_number: issue, body })).data.id,
    async answer(issue, comment) {
      const marker = `<!-- autoresearch:reply {"comment":${comment}} -->`;
      const isAnswer = (body: string) => body.includes(marker) || (denialIn(body)?.until ?? 0) >= comment;
      const look = async () =>
        (await comments(issue)).find(({ author, body }) => author === BOT && isAnswer(body));
      return (await waitFor(`an answer to comment ${comment}`, look)).body.replace(marker, '').trim();
    },
    async training(trial) {
      await waitFor(`trial ${trial} to run`, async () => {
        const { data } = await alice.rest.actions.listWorkflowRunsForRepo({ ...repo, status: 'in_progress' });
        return data.workflow_runs.some(run => run.display_title === trial);
      });
    },
    async reactions(comment) {
      const { data } = await alice.rest.reactions.listForIssueComment({ ...repo, comment_id: comment });
      return data.map(({ content }) => content);
    },
    async file(path, ref) {
      try {
        const { data } = await alice.rest.repos.getContent({
          ...repo,
          path,
          ref,
          mediaType: { format: 'raw' },
        });
        return String(data);
      } catch (error) {
        if (statusOf(error) === 404) return null;
        throw error;
      }
    },
    async status(issue, pattern, seconds) {
      let last = '(none)';
      const look = async () => {
        const found = (await comments(issue)).find(({ body }) => body.includes('autoresearch:campaign'));
        last = found?.body.split('\n\n<!--')[0] ?? last;
        return found && pattern.test(found.body) ? found.body : null;
      };
      return waitFor(`a status comment like ${pattern}`, look, seconds).catch(error => {
        throw new Error(`${error.message}\nThe status comment at last:\n${last}`);
      });
    },
    async history(issue) {
      const checkout = await clone();
      try {
        return await readHistory({ alice, repo, comments, git: checkout.git }, issue);
      } finally {
        rmSync(checkout.dir, { recursive: true, force: true });
      }
    },
  };
}

/** Not synchronous: the server that git talks to runs in this process. */
async function runGit(cwd: string | undefined, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=alice', '-c', 'user.email=alice@example.invalid'];
  const { stdout } = await promisify(execFile)(
    'git',
    [...identity, ...args],
    cwd === undefined ? {} : { cwd },
  );
  return stdout.trim();
}
