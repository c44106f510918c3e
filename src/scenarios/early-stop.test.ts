/** Trials that are stopped because they cannot win any more. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STOP_INPUT, stopBarSchema } from '../protocol/stop-bar.ts';
import { markerOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { tipOf } from '../sim/model/state.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';

describe('a trial that cannot win any more', () => {
  /** Ideas 1 and 2 are worse than the champion; by then previews are known to be worth something. */
  async function untilPreviewsAreKnown(scene: Scene): Promise<void> {
    await measureChampion(scene);
    for (const number of [1, 2]) {
      scene.measure(`1/${number}.1`, 1.01);
      await scene.work();
    }
  }

  const barOf = ({ model }: Scene, trial: string) => {
    const run = model.runs.values().find(({ title }) => title === trial);
    return stopBarSchema.parse(run?.inputs[STOP_INPUT] ?? '');
  };

  test('is stopped by the bar that went out with it, closed with a guess, and taught from', async () => {
    const scene = campaignScene(4);
    await untilPreviewsAreKnown(scene);
    for (const trial of ['1/0.1', '1/0.3', '1/1.1', '1/2.1']) assert.equal(barOf(scene, trial), null, trial);
    const bar = barOf(scene, '1/3.1');
    assert.ok(bar && bar.value > 0.99 && bar.value < 1.01, JSON.stringify(bar));
    scene.stop('1/3.1', 1.008);
    await scene.work();
    const pull = pullsOf(scene.model, scene.issue)[2];
    assert.equal(pull?.state, 'closed');
    assert.match(pull?.title ?? '', /^≈ 1\.008/);
    assert.equal(pull && markerOf(pull)?.verdict?.kind, 'close');
    const texts = scene.model.comments.values().filter(({ issue }) => issue === pull?.number);
    assert.match(
      [...texts].map(({ body }) => body).join(),
      /^✂️ \*\*Stopped early at 50%, not merged:\*\* projected loss \*\*1\.0080\*\*/,
    );
    const check = scene.model.checks.values().find(({ externalId }) => externalId === '1/3.1');
    assert.deepEqual([check?.conclusion, check?.completed], ['neutral', true]);
    scene.pass(60);
    await scene.work();
    assert.match(statusComments(scene.model, scene.issue)[0]?.comment.body ?? '', /≈ 1\.008.*stopped/);
  });

  test('teaches an App that was started again what it taught the one that stopped it', async () => {
    const bars = [];
    for (const restarts of [false, true]) {
      const scene = campaignScene(4);
      await untilPreviewsAreKnown(scene);
      scene.stop('1/3.1', 1.008);
      if (restarts) scene.restart();
      await scene.work();
      bars.push(barOf(scene, '1/3.1')?.value, barOf(scene, '1/4.1')?.value);
    }
    const [before, after, ...again] = bars;
    assert.ok(before !== undefined && after !== undefined && before !== after);
    assert.deepEqual(again, [before, after]);
  });

  test('is finished where the workflow is older than the bar', async () => {
    const scene = campaignScene(3);
    const workflow = '.github/workflows/experiment.yml';
    const text = scene.model.git
      .tree(scene.model.git.commit(tipOf(scene.model, 'main') ?? '')?.tree ?? '')
      ?.get(workflow);
    push(scene, 'main', workflow, (text ?? '').replace(/^.*stop-worse-than.*\n/m, ''));
    await untilPreviewsAreKnown(scene);
    assert.equal(barOf(scene, '1/3.1'), null);
    scene.measure('1/3.1', 1.01);
    await scene.work();
    assert.equal(pullsOf(scene.model, scene.issue)[2]?.state, 'closed');
  });
});
