/** What people can read in a scene, and an App that gets on with its work. */
import assert from 'node:assert/strict';
import { denialIn } from '../github/denials.ts';
import { noticeKey, replyKey } from '../github/replies.ts';
import { pullsOf, statusComments } from './invariants/read.ts';
import { type PullRecord, tipOf } from './model/state.ts';
import type { Scene } from './scene.test-helper.ts';

/** The pull request of experiment `number`. */
export function pullOf({ model, issue }: Scene, number: number): PullRecord {
  return pullsOf(model, issue)[number - 1] ?? assert.fail(`no experiment ${number}`);
}

/** What the App answered to a comment; null where it did not in words. */
export function answerTo({ model }: Scene, comment: number): string | null {
  const { author = '', issue = 0 } = model.comments.get(comment) ?? {};
  const answers = model.comments.values().find(answer => {
    const denial = answer.issue === issue ? denialIn(answer.body) : null;
    return replyKey(answer.body) === comment || (denial?.authors.includes(author) && comment <= denial.until);
  });
  return answers?.body ?? null;
}

/** The comment with this key on an issue or pull request. */
export function saidOn({ model }: Scene, number: number, key: string): string {
  const said = model.comments.values().find(({ issue, body }) => issue === number && noticeKey(body) === key);
  return said?.body ?? assert.fail(`nothing was said on #${number} under "${key}"`);
}

/** The campaign's status comment. */
export function statusOf({ model, issue }: Scene): string {
  return statusComments(model, issue)[0]?.comment.body ?? assert.fail('no status comment');
}

/** Whether the campaign runs. */
export function phaseOf({ model, issue }: Scene): string | undefined {
  return statusComments(model, issue)[0]?.state.phase;
}

/** Works, a minute later: the status comment is brought up to date, and what settles has settled. */
export async function workOn(scene: Scene): Promise<void> {
  scene.pass(60);
  await scene.work();
  scene.pass(60);
  await scene.work();
}

/** Message of the newest commit of the base. */
export function messageOfTip({ model }: Scene): string {
  return model.git.commit(tipOf(model, 'main') ?? '')?.message ?? '';
}

/** Does something with an App that is killed after its first write, then after its second, and so on. */
export async function killedAfterEveryWrite(
  begin: () => Promise<Scene>,
  act: (scene: Scene) => void,
  check: (scene: Scene) => void,
): Promise<void> {
  const WRITES = ['react', 'updatePull', 'updateComment', 'createComment', 'addLabel', 'createPull', 'merge'];
  for (let survived = 0; ; survived++) {
    const scene = await begin();
    act(scene);
    let writes = 0;
    scene.line = async (call, _what, effect) => {
      const result = effect();
      if (WRITES.includes(call) && ++writes === survived + 1) throw new Error('killed');
      return result;
    };
    for (let looks = 0; looks < 12 && writes <= survived; looks++) await scene.look().catch(() => undefined);
    const last = writes <= survived;
    scene.line = async (_call, _what, effect) => effect();
    scene.restart();
    await workOn(scene);
    check(scene);
    if (last) return;
  }
}
