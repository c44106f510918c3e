/** The same repository twice: in the simulator's model, and on the local GitHub behind `octokitPort`. */
import { octokitPort } from '../github/client/octokit.ts';
import type { Octokit } from '../github/client/types.ts';
import type { GitHubPort } from '../github/port.ts';
import { branchWith, FILES, REPO, scene } from '../local/github/github.test-helper.ts';
import { addComment, openIssue } from './model/issues.ts';
import { clearLine, modelPort } from './model/port.ts';
import { setBranch } from './model/refs.ts';
import { createModel, timestamp, tipOf } from './model/state.ts';

export interface Place {
  port: GitHubPort;
  /** Tip of main at the beginning. */
  main: string;
  /** Lets time pass, without anybody waiting. */
  pass(seconds: number): void;
  /** The rest is what the owner does. */
  openIssue(): Promise<number>;
  comment(issue: number, body: string): Promise<number>;
  /** Commits one file on a branch, and returns the new tip. */
  push(branch: string, path: string, text: string): Promise<string>;
  /** Demands a check that nobody makes. */
  protect(branch: string): Promise<void>;
}

export const RUN_LIST_LAG_SECONDS = 10;
const START = Date.parse('2026-03-08T00:00:00Z');
const BOT = 'research[bot]';

export async function modelPlace(): Promise<Place> {
  let now = START;
  const model = createModel({
    now: () => now,
    files: FILES,
    permissions: new Map([
      ['ann', 'admin'],
      ['eve', 'read'],
    ]),
    owner: REPO.owner,
    name: REPO.repo,
    botLogin: BOT,
  });
  model.runListLagSeconds = RUN_LIST_LAG_SECONDS;
  return {
    port: modelPort(model, clearLine),
    main: tipOf(model, 'main') ?? '',
    pass: seconds => {
      now += seconds * 1000;
    },
    openIssue: async () => openIssue(model, 'ann'),
    comment: async (issue, body) => addComment(model, 'ann', issue, body).id,
    async push(branch, path, text) {
      const parent = tipOf(model, branch) ?? '';
      const files = model.git.tree(model.git.commit(parent)?.tree ?? '') ?? new Map<string, string>();
      const tree = model.git.writeTree(new Map([...files, [path, text]]));
      const sha = model.git.writeCommit({ tree, parents: [parent], message: 'Edit' }, timestamp(model));
      setBranch(model, 'ann', branch, sha);
      return sha;
    },
    async protect() {
      model.rule = 'Required status check "ci" is expected.';
    },
  };
}

export async function localPlace(): Promise<Place> {
  let now = START;
  const { ann, bot, main } = await scene({
    clock: () => new Date(now),
    // Other tests hold the server against GitHub's description; here a page size that it leaves out may be asked for.
    afterwards: () => undefined,
    runListLagSeconds: RUN_LIST_LAG_SECONDS,
  });
  let branches = 0;
  return {
    // The plugins that Probot adds change how requests are sent, not what they are.
    port: octokitPort(bot as unknown as Octokit, { owner: REPO.owner, name: REPO.repo }, BOT),
    main,
    pass: seconds => {
      now += seconds * 1000;
    },
    openIssue: async () => (await ann.rest.issues.create({ ...REPO, title: 'Better' })).data.number,
    comment: async (issue, body) =>
      (await ann.rest.issues.createComment({ ...REPO, issue_number: issue, body })).data.id,
    async push(branch, path, text) {
      const ref = `heads/${branch}`;
      const parent = (await ann.rest.git.getRef({ ...REPO, ref })).data.object.sha;
      const aside = `aside-${branches++}`;
      const sha = await branchWith(ann, aside, parent, { [path]: text });
      await ann.rest.git.updateRef({ ...REPO, ref, sha });
      await ann.rest.git.deleteRef({ ...REPO, ref: `heads/${aside}` });
      return sha;
    },
    async protect(branch) {
      await ann.rest.repos.updateBranchProtection({
        ...REPO,
        branch,
        required_status_checks: { strict: false, contexts: ['ci'] },
        enforce_admins: true,
        required_pull_request_reviews: null,
        restrictions: null,
      });
    },
  };
}

/** A commit of the App's on main with one file changed, the branch `branch` at it, and a pull request from there. */
export async function proposal(
  { port }: Place,
  branch: string,
  path = 'train.py',
  text = 'depth = 9\n',
): Promise<{ pull: number; sha: string; tree: string }> {
  const base = await port.commit('main');
  const tree = await port.createTree(base?.tree ?? null, new Map([[path, text]]));
  const sha = await port.createCommit('Try something', tree, base?.sha ?? null);
  await port.createBranch(branch, sha);
  const pull = await port.createPull({ title: 'Try', body: 'It may help.', branch, base: 'main' });
  return { pull, sha, tree };
}
