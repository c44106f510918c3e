/** Near misses: ideas that are too small to be told from the noise, tried together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STACKED_LABEL } from '../campaign/model.ts';
import { pullsOf, statusComments } from '../sim/invariants/read.ts';
import { answerTo } from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, type Scene } from '../sim/scene.test-helper.ts';

const statusOf = ({ model, issue }: Scene) => statusComments(model, issue)[0] ?? assert.fail();

/** The trials that are running. */
function running({ model }: Scene): string[] {
  return [...model.runs.values()].filter(({ status }) => status !== 'completed').map(({ title }) => title);
}

/** Measures whatever runs until a stack is open or nothing runs: every other experiment is a little better, the others are worse. */
async function untilStack(scene: Scene): Promise<number | null> {
  for (let turn = 0; turn < 60; turn++) {
    await scene.work();
    const stack = pullsOf(scene.model, scene.issue).find(({ title }) => title.startsWith('stack of'));
    if (stack) return stack.number;
    const trials = running(scene);
    if (trials.length === 0) return null;
    for (const trial of trials) {
      const helps = Number(/\/(\d+)/.exec(trial)?.[1]) % 2 === 1;
      scene.measure(trial, (helps ? 0.9977 : 1.01) + 0.0001 * (turn % 5));
    }
  }
  return assert.fail('Expected an end.');
}

const labelsOf = (scene: Scene, pull: number) => scene.model.pulls.get(pull)?.labels ?? assert.fail();

test('near misses are tried together; once merged, every part says so', async () => {
  const scene = campaignScene(12);
  await measureChampion(scene);
  const stack = await untilStack(scene);
  assert.ok(stack !== null, 'Expected a stack of near misses.');
  const { title, body } = scene.model.pulls.get(stack) ?? assert.fail();
  const parts = [...(/Stack of near misses: ([^.]+)\./.exec(body)?.[1] ?? '').matchAll(/#(\d+)/g)].map(
    ([, pull]) => Number(pull),
  );
  assert.ok(parts.length >= 3, body);
  assert.match(title, new RegExp(`^stack of ${parts.length}: `));
  for (const part of parts) assert.equal(scene.model.pulls.get(part)?.state, 'closed');
  for (const [k, value] of [0.9955, 0.9956].entries()) {
    const trial =
      running(scene).find(each => each.startsWith(`${scene.issue}/`)) ?? assert.fail(`trial ${k}`);
    scene.measure(trial, value);
    await scene.work();
    if (scene.model.pulls.get(stack)?.state !== 'open') break;
  }
  assert.equal(scene.model.pulls.get(stack)?.state, 'merged');
  for (const part of parts) {
    assert.ok([...labelsOf(scene, part)].includes(STACKED_LABEL), `#${part}`);
    const told: unknown[] = [...scene.model.comments.values()].filter(
      ({ issue, body }) => issue === part && body.includes(`**Merged as part of a stack:** #${stack}`),
    );
    assert.equal(told.length, 1);
  }
});

test('`/research stack #2 #3` tries closed experiments together, and says what is missing', async () => {
  const scene = campaignScene(2);
  await measureChampion(scene);
  for (let turn = 0; turn < 20 && statusOf(scene).state.phase !== 'finished'; turn++) {
    await scene.work();
    for (const trial of running(scene)) scene.measure(trial, 1.05);
  }
  const [first, second] = pullsOf(scene.model, scene.issue).map(({ number }) => number);
  const refused = scene.say(`/research stack #${first} #99`);
  await scene.work();
  assert.match(answerTo(scene, refused) ?? '', /Expected closed experiments of this repository, found #99/);
  scene.say(`/research stack #${first} #${second}`);
  await scene.work();
  const stack = pullsOf(scene.model, scene.issue).at(-1) ?? assert.fail();
  assert.match(stack.title, /^stack of 2: /);
  assert.match(stack.body, new RegExp(`Stack of near misses: #${first}, #${second}\\.`));
  assert.equal(running(scene).length, 1);
});
