/** What GitHub refuses, for a while or for good. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noticeKey } from '../github/replies.ts';
import { promotionsOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { NAMES, SETTINGS } from '../sim/landscape.ts';
import { addComment, openIssue } from '../sim/model/issues.ts';
import { clearLine, type PortCall } from '../sim/model/port.ts';
import { deleteBranch } from '../sim/model/refs.ts';
import { Refusal } from '../sim/model/refusal.ts';
import { tipOf } from '../sim/model/state.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';

describe('a merge that does not take place', () => {
  /** A campaign whose one experiment is about to be merged; `at` happens right before GitHub hears of it. */
  async function merging(at: (scene: Scene) => void): Promise<Scene> {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.9);
    scene.line = async (call, _what, effect) => {
      if (call === 'merge') at(scene);
      return effect();
    };
    for (let i = 0; i < 5; i++) await scene.look().catch(() => undefined);
    return scene;
  }

  const phaseOf = ({ model, issue }: Scene) => statusComments(model, issue)[0]?.state.phase;

  test('because of a limit on requests is tried again', async () => {
    let refused = 0;
    const scene = await merging(() => {
      if (refused++ === 0)
        throw new Refusal(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '60' });
    });
    assert.equal(phaseOf(scene), 'running');
    scene.pass(60);
    await scene.work();
    assert.equal(pullsOf(scene.model, scene.issue)[0]?.state, 'merged');
  });

  test('because another merge is in progress is tried again', async () => {
    let refused = 0;
    const scene = await merging(() => {
      if (refused++ === 0) throw new Refusal(405, 'Merge already in progress');
    });
    assert.equal(phaseOf(scene), 'running');
    scene.pass(60);
    await scene.work();
    assert.equal(pullsOf(scene.model, scene.issue)[0]?.state, 'merged');
  });

  test('because somebody pushed something else into the same lines is no refusal: the new champion is measured', async () => {
    let pushed = 0;
    const scene = await merging(here => {
      if (pushed++ > 0) return;
      const { model } = here;
      const text = NAMES.map(name => `${name} = ${name === 'decay' ? 7 : 5}`).join('\n');
      push(here, 'main', SETTINGS, `${text}\n`);
      for (const pull of model.pulls.values())
        model.pulls.set(pull.number, { ...pull, mergeability: 'known' });
    });
    assert.equal(phaseOf(scene), 'running');
    await scene.work();
    assert.equal(scene.model.runs.values().at(-1)?.inputs.candidate, tipOf(scene.model, 'main'));
    assert.equal(pullsOf(scene.model, scene.issue)[0]?.state, 'open');
  });

  test('because of a rule pauses the campaign with what GitHub said', async () => {
    const scene = await merging(({ model }) => {
      model.rule = 'Required status check "ci" is expected.';
    });
    assert.match(statusComments(scene.model, scene.issue)[0]?.state.reason ?? '', /Required status check/);
  });
});

describe('refusals', () => {
  const refuse = (scene: Scene, message: () => string) => {
    scene.line = async (call, _what, effect) => {
      if (call === 'createComment') throw new Refusal(422, message());
      return effect();
    };
  };

  test('what GitHub refuses three times with the same words is passed over for an hour', async () => {
    const scene = campaignScene(1);
    refuse(scene, () => 'Locked');
    for (let i = 0; i < 60; i++) await scene.look().catch(() => undefined);
    scene.line = async (_call, _what, effect) => effect();
    scene.pass(120);
    assert.deepEqual(await scene.work(), []);
    scene.pass(3600);
    assert.deepEqual(await scene.work(), ['answer', 'dispatch', 'think']);
  });

  test('what GitHub says differently each time is tried again', async () => {
    const scene = campaignScene(1);
    let times = 0;
    refuse(scene, () => `Trouble ${times++}`);
    for (let i = 0; i < 60; i++) await scene.look().catch(() => undefined);
    scene.line = async (_call, _what, effect) => effect();
    scene.pass(120);
    assert.deepEqual(await scene.work(), ['answer', 'dispatch', 'think']);
    assert.ok(!scene.model.comments.values().some(({ body }) => noticeKey(body)));
  });
});

describe('a refusal for good', () => {
  /** The App cannot comment on this issue or pull request. */
  const lock = (scene: Scene, number: number) => {
    scene.line = async (call, what, effect) => {
      if (call === 'createComment' && what.startsWith(`#${number} `))
        throw new Refusal(403, 'Unable to create comment because issue is locked.');
      return effect();
    };
  };
  const look = async (scene: Scene, times: number) => {
    for (let i = 0; i < times; i++) {
      await scene.look().catch(() => undefined);
      await new Promise(setImmediate);
      scene.pass(10);
    }
  };

  test('of a stopped campaign’s experiment is said, leaves the others and the next campaign alone, and is tried again', async () => {
    const scene = campaignScene(2, 2);
    await measureChampion(scene);
    const { model } = scene;
    const [first, second] = pullsOf(model, 1);
    assert.ok(first && second);
    lock(scene, first.number);
    scene.say('/research stop');
    const other = openIssue(model, 'alice');
    addComment(model, 'alice', other, '/research 1');
    addComment(model, 'alice', other, `/research try ${NAMES[4]} = 9`);
    await look(scene, 40);
    assert.equal(pullsOf(model, 1)[1]?.state, 'closed');
    assert.equal(pullsOf(model, other).length, 1, 'the next campaign has its turn');
    const said = model.comments
      .values()
      .filter(({ issue, body }) => issue === 1 && /GitHub refused/.test(body));
    assert.equal(said.length, 1);
    assert.match(said[0]?.body ?? '', new RegExp(`\`close\` of #${first.number}: .*issue is locked`));
    assert.equal(pullsOf(model, 1)[0]?.state, 'open');
    scene.line = async (_call, _what, effect) => effect();
    scene.pass(3600);
    await look(scene, 3);
    assert.deepEqual(
      pullsOf(model, 1).map(({ state }) => state),
      ['closed', 'closed'],
    );
  });

  test('of even the pause leaves the next campaign its turn, and merges nothing of the first', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const { model } = scene;
    const [pull] = pullsOf(model, 1);
    const [status] = statusComments(model, 1);
    scene.measure('1/1.1', 0.9);
    scene.line = async (call, what, effect) => {
      const isFirst =
        (call === 'updatePull' && what.startsWith(`#${pull?.number} `)) ||
        (call === 'updateComment' && what.startsWith(`${status?.comment.id} `));
      if (isFirst) throw new Refusal(403, 'Resource not accessible by integration');
      return effect();
    };
    const other = openIssue(model, 'alice');
    addComment(model, 'alice', other, '/research 1');
    await look(scene, 60);
    assert.equal(pullsOf(model, 1)[0]?.state, 'open');
    assert.equal(statusComments(model, 1)[0]?.state.phase, 'running');
    assert.ok(model.runs.values().some(({ title }) => title.startsWith(`${other}/`)));
    scene.pass(60);
    assert.deepEqual(await scene.work(), [], 'a status comment that cannot be written holds nothing up');
  });
});

describe('a step that fails again and again', () => {
  /** A campaign whose hours are over, of whose status comment nothing can be written. */
  const over = async (status: number) => {
    const scene = campaignScene(3, 1, { hoursLimit: 1 });
    await measureChampion(scene);
    const comment = statusComments(scene.model, 1)[0]?.comment.id;
    scene.line = async (call, what, effect) => {
      if (call === 'updateComment' && what.startsWith(`${comment} `)) throw new Refusal(status, 'No.');
      return effect();
    };
    scene.measure('1/1.1', 1.1);
    scene.pass(3600);
    return scene;
  };

  test('with a reason that names the time is the same step each time, and given up', async () => {
    const scene = await over(403);
    const other = openIssue(scene.model, 'alice');
    addComment(scene.model, 'alice', other, '/research 1');
    for (let i = 0; i < 60; i++) {
      await scene.look().catch(() => undefined);
      scene.pass(20);
    }
    assert.ok(scene.model.runs.values().some(({ title }) => title.startsWith(`${other}/`)));
  });

  test('is looked at after two seconds the first time, and then less often', async () => {
    const scene = await over(502);
    const waits: number[] = [];
    for (let i = 0; i < 13; i++) {
      const action = await scene.look().catch(() => null);
      if (action?.kind !== 'wait') continue;
      waits.push(action.seconds);
      scene.pass(action.seconds);
    }
    assert.deepEqual(waits, [2, 2, 2, 19, 30, 7]);
  });
});

describe('a refusal of what people read besides', () => {
  /** From now on the App may not do this; returns how often it tried. */
  const forbid = (scene: Scene, forbidden: PortCall, subject: string) => {
    let refused = 0;
    scene.line = async (call, what, effect) => {
      if (call !== forbidden || !what.startsWith(subject)) return effect();
      refused++;
      throw new Refusal(422, 'Repository rule violations found');
    };
    return () => refused;
  };
  /** Returns how many looks failed. */
  const look = async (scene: Scene, times: number) => {
    let failed = 0;
    for (let i = 0; i < times; i++) {
      await scene.look().catch(() => failed++);
      await new Promise(setImmediate);
      scene.pass(10);
    }
    return failed;
  };

  test('the export, leaves everything else alone, and is tried again every hour', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const refused = forbid(scene, 'createBranch', 'research-log');
    scene.measure('1/1.1', 0.9);
    await look(scene, 20);
    assert.equal(pullsOf(scene.model, 1)[0]?.state, 'merged');
    assert.equal(refused(), 3);
    assert.equal(await look(scene, 20), 0);
    scene.pass(3600);
    await look(scene, 5);
    assert.equal(refused(), 6);
    scene.line = clearLine;
    scene.pass(3600);
    await look(scene, 5);
    assert.ok(tipOf(scene.model, 'research-log'));
  });

  test('what a promotion says, does not keep the export from being written', async () => {
    const scene = campaignScene(1, 1, { apart: true });
    await measureChampion(scene);
    scene.measure('1/1.1', 0.9);
    await scene.work();
    const [promotion] = promotionsOf(scene.model, 1);
    const refused = forbid(scene, 'updatePull', `#${promotion?.number} `);
    push(scene, 'main', 'README.md', 'New.\n');
    deleteBranch(scene.model, 'alice', 'research-log');
    scene.restart();
    await look(scene, 20);
    assert.equal(refused(), 3);
    assert.ok(tipOf(scene.model, 'research-log'));
  });
});
