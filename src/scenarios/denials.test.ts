/** What GitHub denies for a moment although it is there. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { markerOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { SETTINGS } from '../sim/landscape.ts';
import { Refusal } from '../sim/model/refusal.ts';
import { workOn } from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';

describe('a file that GitHub denies although it is there', () => {
  /** From now on, this many requests for `path` are answered with 404. */
  const deny = (scene: Scene, path: string, times: number) => {
    let denied = 0;
    scene.line = async (call, what, effect) => {
      if (call === 'file' && what === path && denied++ < times) throw new Refusal(404, 'Not Found');
      return effect();
    };
  };
  const phaseOf = ({ model, issue }: Scene) => statusComments(model, issue)[0]?.state.phase;

  test('once, is asked for again before a campaign is paused without its contract', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    deny(scene, CONTRACT_PATH, 1);
    push(scene, 'main', 'README.md', 'New.\n');
    await scene.work();
    assert.equal(phaseOf(scene), 'running');
  });

  test('for a whole look, is found by the next, and a person’s word is enough to go on', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    deny(scene, CONTRACT_PATH, 2);
    push(scene, 'main', 'README.md', 'New.\n');
    await scene.work();
    assert.equal(phaseOf(scene), 'paused');
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(phaseOf(scene), 'running');
  });

  test('once, does not close an experiment that is made again on a new champion', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.9);
    push(scene, 'main', 'README.md', 'New.\n');
    for (const [k, value] of [1, 1.001, 0.999].entries()) {
      await workOn(scene);
      deny(scene, SETTINGS, 1);
      scene.measure(`1/0.${k + 4}`, value);
    }
    await workOn(scene);
    const [pull] = pullsOf(scene.model, 1);
    assert.deepEqual([pull?.state, pull && markerOf(pull)?.restacks], ['open', 1]);
  });
});
