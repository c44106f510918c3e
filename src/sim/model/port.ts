/** The port over the model: what `octokitPort` is over GitHub, with the same reading of GitHub's refusals. */

import { fitBody, fitCheck, fitPull } from '../../github/bounds.ts';
import {
  cannotCancel,
  isGone,
  mergeRefusal,
  NO_SUCH_COMMIT,
  orNull,
  unlessStatus,
} from '../../github/errors.ts';
import type { CheckRunText, Comment, GitHubPort, Issue } from '../../github/port.ts';
import { cancelRun, changeCheck, createCheck, dispatchRun } from './actions.ts';
import { addComment, addLabel, changePull, deleteComment, editComment, openPull, pullOf } from './issues.ts';
import { mergePull } from './merge.ts';
import { createBranch, deleteBranch, moveBranch } from './refs.ts';
import { invalid, notFound } from './refusal.ts';
import { type Model, timestamp, tipOf } from './state.ts';

export type PortCall = Exclude<keyof GitHubPort, 'repository' | 'botLogin'>;

/** Between the App and the model: may be slow, fail, or never answer. `what` is for people. */
export type Line = <T>(call: PortCall, what: string, effect: () => T) => Promise<T>;

/**
 * @param line carries every call
 * @param lag milliseconds that the next list is behind
 */
export function modelPort(model: Model, line: Line, lag: () => number = () => 0): GitHubPort {
  const { botLogin: bot, repository } = model;
  return {
    repository,
    botLogin: bot,
    ...reads(model, line, lag),
    ...contentWrites(model, line),
    ...workWrites(model, line),
  };
}

/** A line on which nothing goes wrong. */
export const clearLine: Line = async (_call, _what, effect) => effect();

function reads(model: Model, line: Line, lag: () => number) {
  const { botLogin: bot, repository } = model;
  const head = (ref: string) => tipOf(model, ref) ?? ref;
  const filesAt = (ref: string) => model.git.tree(model.git.commit(head(ref))?.tree ?? '');
  return {
    about: () =>
      line('about', '', () => ({
        url: `https://github.test/${repository.owner}/${repository.name}`,
        isPublic: false,
        defaultBranch: model.defaultBranch,
        squashes: true,
      })),
    commit: (ref: string) =>
      orNull(
        () =>
          line('commit', ref, () => {
            const found = model.git.commit(head(ref));
            if (!found) throw notFound();
            return { sha: found.sha, tree: found.tree, parents: found.parents, message: found.message };
          }),
        NO_SUCH_COMMIT,
      ),
    file: (path: string, ref: string) =>
      orNull(() =>
        line('file', path, () => {
          const text = filesAt(ref)?.get(path);
          if (text === undefined) throw notFound();
          return text;
        }),
      ),
    look: (path: string, ref: string) =>
      orNull(() =>
        line('look', path, () => {
          const text = filesAt(ref)?.get(path);
          if (text === undefined) throw notFound();
          return { kind: 'text' as const, text };
        }),
      ),
    workflowFiles: (ref: string) =>
      line('workflowFiles', '', () =>
        [...(filesAt(ref)?.keys() ?? [])].filter(path => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path)),
      ),
    baseObstacles: (branch: string) =>
      line('baseObstacles', branch, () =>
        model.rule === null || branch !== model.defaultBranch ? [] : ['required status checks'],
      ),
    branches: (prefix: string) =>
      line('branches', prefix, () => {
        const found = model.branches.values(lag()).filter(({ name }) => name.startsWith(prefix));
        return new Map(found.map(({ name, sha }) => [name, sha]));
      }),
    issue: (number: number) =>
      orNull(() =>
        line('issue', `#${number}`, () => {
          const [issue, pull] = [model.issues.get(number), model.pulls.get(number)];
          if (issue) return shown(issue);
          if (pull) return shown({ ...pull, open: pull.state === 'open', isPull: true });
          throw notFound();
        }),
      ),
    openIssues: (label: string) =>
      line('openIssues', label, () => {
        const behind = lag();
        const issues = model.issues.values(behind).filter(({ open }) => open);
        const pulls = model.pulls.values(behind).filter(({ state }) => state === 'open');
        const all = [...issues, ...pulls.map(pull => ({ ...pull, open: true, isPull: true }))];
        return all.filter(({ labels }) => labels.includes(label)).map(shown);
      }),
    comments: (issue: number) =>
      line('comments', `#${issue}`, () => {
        if (!model.issues.get(issue) && !model.pulls.get(issue)) throw notFound();
        return model.comments.values(lag()).filter(comment => comment.issue === issue);
      }),
    findComment: (issue: number, isWanted: (comment: Comment) => boolean) =>
      line('findComment', `#${issue}`, () => {
        if (!model.issues.get(issue) && !model.pulls.get(issue)) throw notFound();
        const found = model.comments.values(lag()).filter(comment => comment.issue === issue);
        return found.find(isWanted) ?? null;
      }),
    comment: (id: number) =>
      orNull(() =>
        line('comment', String(id), () => {
          const found = model.comments.get(id);
          if (!found) throw notFound();
          return found;
        }),
      ),
    commentsSince: (since: Date) =>
      line('commentsSince', '', () => {
        const from = `${since.toISOString().slice(0, 19)}Z`;
        const found = model.comments.values(lag()).filter(({ updatedAt }) => updatedAt >= from);
        return found.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id - b.id);
      }),
    issuesSince: (since: Date) =>
      line('issuesSince', '', () => {
        const from = `${since.toISOString().slice(0, 19)}Z`;
        const found = model.issues.values(lag()).filter(({ createdAt }) => createdAt >= from);
        return found.map(({ number, author, body, createdAt }) => ({
          id: -number,
          issue: number,
          author,
          body,
          createdAt,
          updatedAt: createdAt,
        }));
      }),
    pullsSince: (since: string | null) =>
      line('pullsSince', since ?? '', () => {
        const found = model.pulls
          .values(lag())
          .filter(({ updatedAt }) => since === null || updatedAt >= since);
        return found.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt) || b.number - a.number);
      }),
    openPullOf: (branch: string) =>
      line('openPullOf', branch, () => {
        const found = model.pulls.values(lag()).find(pull => pull.state === 'open' && pull.branch === branch);
        return found ?? null;
      }),
    pull: (number: number) =>
      line('pull', `#${number}`, () => {
        const found = pullOf(model, number);
        if (found.mergeability === 'stale') model.pulls.set(number, { ...found, mergeability: 'known' });
        return found;
      }),
    mergeable: (number: number) =>
      line('mergeable', `#${number}`, () => {
        const found = pullOf(model, number);
        const { state, base, headSha } = found;
        if (found.mergeability === 'stale') {
          model.pulls.set(number, { ...found, mergeability: 'known' });
          return null;
        }
        const tip = tipOf(model, base);
        return state === 'open' && tip !== undefined ? model.git.merge(tip, headSha) !== null : null;
      }),
    checks: (sha: string) =>
      line('checks', sha.slice(0, 7), () =>
        model.checks.values(lag()).filter(check => check.sha === sha && check.author === bot),
      ),
    runs: (workflow: string) =>
      line('runs', workflow, () => {
        const found = model.runs
          .values(lag())
          .filter(run => run.workflow === workflow && run.listedAt <= model.now());
        return found.sort((a, b) => b.id - a.id).slice(0, 100);
      }),
    artifact: (runId: number, name: string, file: string) =>
      line('artifact', String(runId), () => {
        const run = model.runs.get(runId);
        if (!run) throw notFound();
        return name === 'measurement' && file === 'measurement.json' ? (run.artifacts[0] ?? null) : null;
      }),
    job: (runId: number) =>
      line('job', String(runId), () => ({ labels: ['self-hosted', 'gpu'], failure: null })),
    runners: () => line('runners', '', () => null),
    permission: async (login: string) =>
      (await orNull(() =>
        line('permission', login, () => {
          if (login === repository.owner) return 'admin' as const;
          const found = model.permissions.get(login);
          if (!found) throw notFound();
          return found;
        }),
      )) ?? ('none' as const),
  };
}

function shown({ number, open, isPull, labels, updatedAt }: Issue): Issue {
  return { number, open, isPull, labels, updatedAt };
}

function contentWrites(model: Model, line: Line) {
  const { git, botLogin: bot } = model;
  return {
    createTree: (base: string | null, files: ReadonlyMap<string, string>) =>
      line('createTree', [...files.keys()].join(' '), () => {
        const under = base === null ? new Map<string, string>() : git.tree(base);
        if (!under) throw notFound();
        return git.writeTree(new Map([...under, ...files]));
      }),
    createCommit: (message: string, tree: string, parent: string | null) =>
      line('createCommit', message.split('\n', 1)[0] ?? '', () => {
        if (!git.tree(tree)) throw invalid('Tree SHA does not exist');
        if (parent !== null && !git.commit(parent)) throw invalid('Parent SHA does not exist');
        return git.writeCommit({ message, tree, parents: parent === null ? [] : [parent] }, timestamp(model));
      }),
    createBranch: (name: string, sha: string) =>
      line('createBranch', name, () => createBranch(model, bot, name, sha)),
    moveBranch: (name: string, sha: string) =>
      line('moveBranch', `${name} to ${sha.slice(0, 7)}`, () => moveBranch(model, bot, name, sha)),
    deleteBranch: async (name: string) => {
      await line('deleteBranch', name, () => deleteBranch(model, bot, name)).catch(error => {
        if (!isGone(error)) throw error;
      });
    },
    createPull: (pull: { title: string; body: string; branch: string; base: string }) =>
      line('createPull', pull.branch, () => openPull(model, bot, fitPull(pull))),
    updatePull: (number: number, change: { title?: string; body?: string; state?: 'closed' }) =>
      line('updatePull', `#${number} ${Object.keys(change).join(' ')}`, () =>
        changePull(model, bot, number, fitPull(change)),
      ),
    merge: async (
      number: number,
      { sha, title, message }: { sha: string; title: string; message: string },
    ) => {
      try {
        const request = { sha, message: `${title}\n\n${message}` };
        const tip = await line('merge', `#${number}`, () => mergePull(model, bot, number, request));
        return { kind: 'merged' as const, sha: tip };
      } catch (error) {
        return mergeRefusal(error);
      }
    },
  };
}

function workWrites(model: Model, line: Line) {
  const { botLogin: bot } = model;
  const written = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;
  return {
    addLabel: (issue: number, label: string) =>
      line('addLabel', `#${issue} ${label}`, () => addLabel(model, bot, issue, label)),
    createComment: (issue: number, body: string) =>
      line('createComment', `#${issue} ${firstLine(body)}`, () =>
        addComment(model, bot, issue, fitBody(body)),
      ),
    updateComment: (id: number, body: string) =>
      line('updateComment', `${id} ${firstLine(body)}`, () => editComment(model, bot, id, fitBody(body))),
    deleteComment: (id: number) =>
      unlessStatus([404], () => line('deleteComment', String(id), () => deleteComment(model, bot, id))),
    react: (comment: number, reaction: 'eyes' | 'rocket' | 'confused') =>
      unlessStatus([403, 404, 422], () =>
        line('react', `${comment} ${reaction}`, () => {
          if (!(comment < 0 ? model.issues.get(-comment) : model.comments.get(comment))) throw notFound();
        }),
      ),
    createCheck: (sha: string, externalId: string, startedAt: Date, output: CheckRunText) =>
      line('createCheck', externalId, () =>
        createCheck(model, bot, {
          sha,
          externalId,
          startedAt: written(startedAt),
          text: fitCheck(output).text,
        }),
      ),
    restartCheck: (id: number, startedAt: Date) =>
      line('restartCheck', String(id), () =>
        changeCheck(model, bot, id, { startedAt: written(startedAt), completed: false, conclusion: null }),
      ),
    completeCheck: (id: number, conclusion: string, _url: string | null, output: CheckRunText) =>
      line('completeCheck', `${id} ${output.title}`, () =>
        changeCheck(model, bot, id, { completed: true, conclusion, text: fitCheck(output).text }),
      ),
    dispatch: (workflow: string, ref: string, inputs: Record<string, string>) =>
      line('dispatch', inputs.trial ?? '', () => {
        dispatchRun(model, bot, workflow, ref, inputs);
      }),
    cancelRun: (id: number) =>
      line('cancelRun', String(id), () => cancelRun(model, bot, id)).catch(error => {
        if (!cannotCancel(error)) throw error;
      }),
  };
}

function firstLine(body: string): string {
  return body.split('\n', 1)[0]?.slice(0, 80) ?? '';
}
