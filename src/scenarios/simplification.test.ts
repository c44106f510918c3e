/** Ideas that leave the metric as it is, and make the code shorter or seem to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent } from '../agents/agent.ts';
import { applyEdits } from '../agents/edit.ts';
import { NO_COST } from '../campaign/idea.ts';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { markerOf } from '../sim/invariants/read.ts';
import { pullOf, workOn } from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';

const FILE = 'train.py';
const STEP = 'def step(x):\n  y = 2 * x\n  z = y + 3\n  return y * z\n';
const CODE = `${STEP}print(step(1))\n`;

/** A campaign on a file of Python whose agent has one idea: to put `step` in another way. */
async function sceneWith(step: string): Promise<Scene> {
  const edits = [{ path: FILE, search: STEP, replace: step }];
  const agent: Agent = {
    name: 'explore',
    async propose({ files }) {
      const applied = applyEdits(files, edits, [FILE]);
      if (applied.kind === 'refused') return { kind: 'failed', reason: applied.reason, cost: NO_COST };
      const idea = { title: 'Another step', hypothesis: '', edits };
      return { kind: 'idea', idea, files: applied.files, cost: NO_COST };
    },
  };
  const scene = campaignScene(1);
  push(
    scene,
    'main',
    CONTRACT_PATH,
    `editable: [${FILE}]\nbrief: program.md\nmetric: {name: loss, goal: minimize}\n`,
  );
  push(scene, 'main', FILE, CODE);
  scene.context.chooseAgent = () => ({ kind: 'agent', agent });
  await measureChampion(scene);
  return scene;
}

/** Trials like the champion's, as long as there is one to be taken. */
async function measureAsGood(scene: Scene, first = 1): Promise<void> {
  for (const [k, value] of [1, 1.001, 0.999].entries()) {
    if (pullOf(scene, 1).state !== 'open') return;
    scene.measure(`1/1.${first + k}`, value);
    await workOn(scene);
  }
}

test('code that is shorter and as good is merged', async () => {
  const scene = await sceneWith('def step(x):\n  return 2 * x * (2 * x + 3)\n');
  await measureAsGood(scene);
  assert.equal(pullOf(scene, 1).state, 'merged');
  assert.equal(markerOf(pullOf(scene, 1))?.addedTokens, -2);
});

for (const [name, step] of [
  ['stands in a string of comment lines', `exec("""\n${STEP.replaceAll(/^/gm, '#')}""".replace('#', ''))\n`],
  ['is read from elsewhere', "exec(open('step').read())\n"],
  ['is imported', 'from steps import step\n'],
] as const)
  test(`code that ${name} is not merged for being shorter`, async () => {
    const scene = await sceneWith(step);
    await measureAsGood(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.ok((markerOf(pullOf(scene, 1))?.addedTokens ?? 0) >= 0);
  });

test('an idea that is made again on a new champion is counted again', async () => {
  const scene = await sceneWith('def step(x):\n  return 2 * x * (2 * x + 3)\n');
  assert.equal(markerOf(pullOf(scene, 1))?.addedTokens, -2);
  scene.measure('1/1.1', 0.9);
  push(scene, 'main', FILE, `${CODE}print(\n`);
  await workOn(scene);
  for (const k of [4, 5, 6]) {
    scene.measure(`1/0.${k}`, 1 + k / 1000);
    await workOn(scene);
  }
  assert.equal(markerOf(pullOf(scene, 1))?.restacks, 1);
  assert.equal(markerOf(pullOf(scene, 1))?.addedTokens, null, 'what cannot be read cannot be counted');
});
