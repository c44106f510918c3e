/** The writing half of the port. */
import { createHash } from 'node:crypto';
import { fitBody, fitCheck, fitPull, fitTitle } from '../bounds.ts';
import { cannotCancel, isGone, mergeRefusal, orNull, unlessStatus } from '../errors.ts';
import type { CheckRunText } from '../port.ts';
import { toComment } from './convert.ts';
import type { Octokit, Repo } from './types.ts';

/**
 * The client never retries writes: a 502 may hide a write that took effect. Instead, the loop observes GitHub again and does what is
 * still missing.
 */
const ONCE = { request: { retries: 0 } } as const;

export function gitWrites(octokit: Octokit, repo: Repo) {
  const { git, pulls } = octokit.rest;
  return {
    createTree: onceEach(async (base: string | null, files: ReadonlyMap<string, string>) => {
      const modes = base === null ? null : modesIn(octokit, repo, base);
      const tree = [];
      for (const [path, content] of files) {
        const mode = (await modes?.(path)) ?? '100644';
        tree.push({ path, content, mode, type: 'blob' as const });
      }
      const onto = base === null ? {} : { base_tree: base };
      return (await git.createTree({ ...repo, ...onto, tree, ...ONCE })).data.sha;
    }),
    createCommit: async (message: string, tree: string, parent: string | null) => {
      const parents = parent === null ? [] : [parent];
      return (await git.createCommit({ ...repo, message, tree, parents, ...ONCE })).data.sha;
    },
    createBranch: async (name: string, sha: string) => {
      await git.createRef({ ...repo, ref: `refs/heads/${name}`, sha, ...ONCE });
    },
    moveBranch: async (name: string, sha: string) => {
      await git.updateRef({ ...repo, ref: `heads/${name}`, sha, force: true, ...ONCE });
    },
    deleteBranch: async (name: string) => {
      try {
        await git.deleteRef({ ...repo, ref: `heads/${name}`, ...ONCE });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    },
    createPull: async (pull: { title: string; body: string; branch: string; base: string }) => {
      const { title, body, branch, base } = fitPull(pull);
      return (await pulls.create({ ...repo, title, body, head: branch, base, ...ONCE })).data.number;
    },
    updatePull: async (number: number, change: { title?: string; body?: string; state?: 'closed' }) => {
      await pulls.update({ ...repo, pull_number: number, ...fitPull(change), ...ONCE });
    },
    merge: async (number: number, options: { sha: string; title: string; message: string }) => {
      try {
        const { data } = await pulls.merge({
          ...repo,
          pull_number: number,
          sha: options.sha,
          merge_method: 'squash',
          commit_title: fitTitle(options.title),
          commit_message: options.message,
          ...ONCE,
        });
        return { kind: 'merged' as const, sha: data.sha };
      } catch (error) {
        return mergeRefusal(error);
      }
    },
  };
}

/** What is executable stays so: the mode of a file in a tree, null if it is another kind of file or none. Each folder is read once. */
function modesIn({ rest }: Octokit, repo: Repo, root: string) {
  const folders = new Map<string, { path: string; mode: string; sha: string }[]>();
  const entriesOf = async (sha: string) => {
    const known = folders.get(sha);
    if (known) return known;
    const found = await orNull(() => rest.git.getTree({ ...repo, tree_sha: sha }));
    const entries = found?.data.tree ?? [];
    folders.set(sha, entries);
    return entries;
  };
  return async (path: string): Promise<'100644' | '100755' | null> => {
    let sha = root;
    let mode = '';
    for (const name of path.split('/')) {
      const entry = (await entriesOf(sha)).find(each => each.path === name);
      if (!entry) return null;
      ({ sha, mode } = entry);
    }
    return mode === '100644' || mode === '100755' ? mode : null;
  };
}

/** Number of trees to remember. GitHub keeps unreferenced trees for days. */
const REMEMBERED_TREES = 100;

type CreateTree = (base: string | null, files: ReadonlyMap<string, string>) => Promise<string>;

/** Creates each tree once: an idea's tree is needed for objections, again when it is opened, and for its commit. */
function onceEach(create: CreateTree): CreateTree {
  const known = new Map<string, string>();
  return async (base, files) => {
    const key = createHash('sha256')
      .update(JSON.stringify([base, ...files]))
      .digest('hex');
    const tree = known.get(key) ?? (await create(base, files));
    known.set(key, tree);
    const [oldest] = known.keys();
    if (known.size > REMEMBERED_TREES && oldest !== undefined) known.delete(oldest);
    return tree;
  };
}

export function issueWrites(octokit: Octokit, repo: Repo) {
  const { issues, reactions } = octokit.rest;
  return {
    addLabel: async (issue: number, label: string) => {
      await issues.addLabels({ ...repo, issue_number: issue, labels: [label], ...ONCE });
    },
    createComment: async (issue: number, body: string) =>
      toComment(
        (await issues.createComment({ ...repo, issue_number: issue, body: fitBody(body), ...ONCE })).data,
      ),
    updateComment: async (id: number, body: string) => {
      await issues.updateComment({ ...repo, comment_id: id, body: fitBody(body), ...ONCE });
    },
    deleteComment: async (id: number) => {
      await unlessStatus([404], () => issues.deleteComment({ ...repo, comment_id: id, ...ONCE }));
    },
    react: async (comment: number, content: 'eyes' | 'rocket' | 'confused') => {
      // Best effort: nobody can react in a locked conversation, and the reply says the same.
      await unlessStatus([403, 404, 422], () =>
        comment < 0
          ? reactions.createForIssue({ ...repo, issue_number: -comment, content, ...ONCE })
          : reactions.createForIssueComment({ ...repo, comment_id: comment, content, ...ONCE }),
      );
    },
  };
}

export function actionWrites(octokit: Octokit, repo: Repo) {
  const { checks, actions } = octokit.rest;
  return {
    createCheck: async (sha: string, externalId: string, startedAt: Date, output: CheckRunText) => {
      const { data } = await checks.create({
        ...repo,
        name: `trial ${externalId}`,
        head_sha: sha,
        external_id: externalId,
        status: 'in_progress',
        started_at: startedAt.toISOString(),
        output: fitCheck(output),
        ...ONCE,
      });
      return data.id;
    },
    restartCheck: async (id: number, startedAt: Date) => {
      const started_at = startedAt.toISOString();
      await checks.update({ ...repo, check_run_id: id, status: 'in_progress', started_at, ...ONCE });
    },
    completeCheck: async (
      id: number,
      conclusion: 'success' | 'failure' | 'neutral',
      url: string | null,
      output: CheckRunText,
    ) => {
      const details = url === null ? {} : { details_url: url };
      await checks.update({
        ...repo,
        check_run_id: id,
        status: 'completed',
        conclusion,
        output: fitCheck(output),
        ...details,
        ...ONCE,
      });
    },
    dispatch: async (workflow: string, ref: string, inputs: Record<string, string>) => {
      await actions.createWorkflowDispatch({ ...repo, workflow_id: workflow, ref, inputs, ...ONCE });
    },
    cancelRun: async (id: number) => {
      try {
        await actions.cancelWorkflowRun({ ...repo, run_id: id, ...ONCE });
      } catch (error) {
        if (!cannotCancel(error)) throw error;
      }
    },
  };
}
