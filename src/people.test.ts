import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONTRACT_PATH } from './campaign/contract.ts';
import { HELD_LABEL } from './campaign/model.ts';
import { KEPT_WORDS } from './campaign/words.ts';
import { markerOf, pullsOf, statusComments } from './sim/invariants/read.ts';
import { addComment, changePull, deleteComment } from './sim/model/issues.ts';
import { tipOf } from './sim/model/refs.ts';
import { answerTo, messageOfTip, phaseOf, pullOf, saidOn, statusOf, workOn } from './sim/page.test-helper.ts';
import { campaignScene, measureChampion, push, type Scene } from './sim/scene.test-helper.ts';

/** Does something with an App that is killed after its first write, then after its second, and so on. */
async function killedAfterEveryWrite(
  begin: () => Promise<Scene>,
  deed: (scene: Scene) => void,
  check: (scene: Scene) => void,
): Promise<void> {
  const WRITES = ['react', 'updatePull', 'updateComment', 'createComment', 'addLabel', 'createPull', 'merge'];
  for (let survived = 0; ; survived++) {
    const scene = await begin();
    deed(scene);
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

/** A campaign whose sixth idea is far better than all before it, which is no news of the machine's. */
async function heldScene(experiments = 6): Promise<Scene> {
  const scene = campaignScene(experiments);
  await measureChampion(scene);
  for (const [i, value] of [1.004, 1.01, 1.002, 1.006, 1.003].entries()) {
    scene.measure(`1/${i + 1}.1`, value);
    await workOn(scene);
  }
  for (let k = 1; pullOf(scene, 6).labels.length < 2 && k < 5; k++) {
    scene.measure(`1/6.${k}`, 0.5);
    await workOn(scene);
  }
  return scene;
}

describe('/research keep', () => {
  test('makes a person the judge of what was measured on the present champion, and a trailer says who', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    scene.measure('1/1.1', 1.002);
    await workOn(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    scene.say('/research resume');
    await workOn(scene);
    const pull = pullOf(scene, 1);
    assert.equal(pull.state, 'merged');
    assert.match(messageOfTip(scene), /\nTrials: 1\/1\.1\nKept-by: bob$/);
    assert.match(saidOn(scene, pull.number, 'verdict'), /Merge.*Kept by bob\. The gate by itself would have/);
    assert.match(pull.body, /- bob wants it kept/);
  });

  test('waits for a first number, and takes it whatever it is', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.measure('1/1.1', 1.5);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
  });

  test('measures again on a champion that moved meanwhile before it merges', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.9);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    push(scene, 'main', 'README.md', 'New.\n');
    const champion = tipOf(scene.model, 'main');
    await workOn(scene);
    for (const k of [2, 3, 4]) {
      assert.equal(tipOf(scene.model, 'main'), champion);
      scene.measure(`1/0.${k + 2}`, 1);
      await workOn(scene);
    }
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.measure('1/1.2', 1.01);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
    const marker = markerOf(pullOf(scene, 1));
    assert.deepEqual(
      marker?.trials.map(({ trial, base }) => [trial, base]),
      [['1/1.2', champion]],
    );
  });

  test('of a number that was not audited takes one that is; only that counts', async () => {
    const scene = campaignScene(1, 1, { refereed: true });
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    scene.measure('1/1.1', 1.002, 'not audited');
    await workOn(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'open');
    const run = scene.model.runs.values().find(({ title }) => title === '1/1.2');
    assert.equal(run?.inputs.threshold, '', 'audited whatever it is');
    scene.measure('1/1.2', 1.004);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
    assert.equal(markerOf(pullOf(scene, 1))?.verdict?.value, 1.004);
  });

  test('is refused for a number that its audit does not agree with', async () => {
    const scene = campaignScene(1, 1, { refereed: true });
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    scene.measure('1/1.1', 0.5, 'flagged');
    await workOn(scene);
    const asked = scene.sayOn(pullOf(scene, 1).number, '/research keep');
    await workOn(scene);
    assert.match(answerTo(scene, asked) ?? '', /audit of trial 1\/1\.1 does not agree .* nobody can keep it/);
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
  });

  test('does not save a number that turns out to be flagged later', async () => {
    const scene = campaignScene(1, 1, { refereed: true });
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research keep');
    await workOn(scene);
    scene.measure('1/1.1', 0.5, 'flagged');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.match(saidOn(scene, pullOf(scene, 1).number, 'verdict'), /Not to be trusted/);
  });

  test('is refused for what is closed or merged, for what somebody pushed to, and to whoever may not write', async () => {
    const scene = campaignScene(3);
    await measureChampion(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    scene.measure('1/2.1', 0.9);
    await workOn(scene);
    push(scene, 'research/1/3', 'settings.txt', 'by hand\n');
    const asked = [1, 2, 3].map(n => scene.sayOn(pullOf(scene, n).number, '/research keep'));
    const stranger = scene.sayOn(pullOf(scene, 3).number, '/research keep', 'mallory');
    await workOn(scene);
    const answers = [...asked, stranger].map(comment => answerTo(scene, comment) ?? '');
    for (const [i, expected] of [
      /closed\. Comment `\/research rerun` here/,
      /merged already/,
      /Someone pushed .* Put [0-9a-f]{7} back/,
      /need write permission/,
    ].entries())
      assert.match(answers[i] ?? '', expected);
    assert.deepEqual(
      [1, 2, 3].map(n => pullOf(scene, n).state),
      ['closed', 'merged', 'open'],
    );
  });

  test('takes effect once, wherever the App is killed', async () => {
    await killedAfterEveryWrite(
      async () => {
        const scene = campaignScene(1);
        await measureChampion(scene);
        scene.measure('1/1.1', 1.05);
        return scene;
      },
      scene => scene.sayOn(pullOf(scene, 1).number, '/research keep'),
      scene => {
        assert.equal(pullOf(scene, 1).state, 'merged');
        assert.equal(markerOf(pullOf(scene, 1))?.words.length, 1);
        assert.equal(phaseOf(scene), 'finished');
      },
    );
  });
});

describe('/research discard', () => {
  test('closes an experiment, cancels its trial, and says who wanted that', async () => {
    const scene = campaignScene(2);
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research discard', 'alice');
    await workOn(scene);
    const pull = pullOf(scene, 1);
    assert.equal(pull.state, 'closed');
    assert.match(saidOn(scene, pull.number, 'verdict'), /Discarded by alice\./);
    assert.equal(scene.model.runs.values().find(({ title }) => title === '1/1.1')?.conclusion, 'cancelled');
    assert.equal(tipOf(scene.model, pull.branch), undefined);
    assert.equal(pullOf(scene, 2).state, 'open', 'the campaign goes on');
  });

  test('works in a paused campaign, too, and once is enough', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research pause');
    await scene.work();
    const { number } = pullOf(scene, 1);
    scene.sayOn(number, '/research discard');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    const again = scene.sayOn(number, '/research discard');
    await workOn(scene);
    assert.match(answerTo(scene, again) ?? '', /closed already/);
  });

  test('waits until a run that was just dispatched can be seen and cancelled', async () => {
    const scene = campaignScene(1);
    scene.model.runListLagSeconds = 20;
    for (let i = 0; i < 3; i++) {
      await scene.work();
      scene.pass(30);
      await scene.work();
      scene.measure(`1/0.${i + 1}`, 1 + i / 1000);
    }
    await scene.work();
    scene.sayOn(pullOf(scene, 1).number, '/research discard');
    await scene.work();
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.pass(30);
    await scene.work();
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.equal(scene.model.runs.values().at(-1)?.conclusion, 'cancelled');
  });
});

describe('/research rerun', () => {
  test('takes one trial more than the gate would', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.sayOn(pullOf(scene, 1).number, '/research rerun');
    await workOn(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'open');
    scene.measure('1/1.2', 1.05);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.equal(markerOf(pullOf(scene, 1))?.trials.length, 2);
  });

  test('of a closed experiment makes a new one from the same edits, one more than asked for, even after the end', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    assert.equal(phaseOf(scene), 'finished');
    const first = pullOf(scene, 1);
    const asked = scene.sayOn(first.number, '/research rerun');
    await workOn(scene);
    const second = pullOf(scene, 2);
    assert.equal(markerOf(second)?.tree, markerOf(first)?.tree);
    assert.match(second.body, new RegExp(`Asked for by bob, which is #${first.number} once more`));
    scene.restart();
    scene.measure('1/2.1', 1.06);
    await workOn(scene);
    assert.equal(phaseOf(scene), 'finished');
    assert.equal(pullsOf(scene.model, scene.issue).length, 2, `comment ${asked} took effect once`);
    assert.match(statusOf(scene), /Finished: 2 of 2 experiments/);
  });

  test('is refused where the champion changed in the same place', async () => {
    const scene = campaignScene(2);
    await measureChampion(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    const settings = scene.model.git.tree(
      scene.model.git.commit(tipOf(scene.model, 'main') ?? '')?.tree ?? '',
    );
    const text = settings?.get('settings.txt') ?? '';
    push(scene, 'main', 'settings.txt', text.replace('depth = 5', 'depth = 2'));
    const asked = scene.sayOn(pullOf(scene, 1).number, '/research rerun');
    await workOn(scene);
    assert.match(answerTo(scene, asked) ?? '', /edits no longer fit.*`\/research try`/);
  });
});

describe('/research try', () => {
  test('is the next experiment, one more than asked for, and its pull request names who asked', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research try width = 3', 'bob');
    await workOn(scene);
    assert.match(statusOf(scene), /0 of 2 experiments/);
    assert.match(statusOf(scene), /Waiting to be tried:\*\* `width = 3` \(bob\)/);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    const pull = pullOf(scene, 2);
    assert.equal(markerOf(pull)?.idea.edits[0]?.replace, 'width = 3');
    assert.match(pull.body, /Asked for by bob: width = 3\./);
    scene.measure('1/2.1', 1.05);
    await workOn(scene);
    assert.match(statusOf(scene), /Finished: 2 of 2 experiments/);
    assert.doesNotMatch(statusOf(scene), /Waiting to be tried/);
  });

  test('goes on with a campaign that has ended, for one experiment', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.say('/research stop');
    await workOn(scene);
    scene.say('/research try width = 3', 'bob');
    await workOn(scene);
    scene.measure('1/2.1', 1.05);
    await workOn(scene);
    assert.match(statusOf(scene), /Finished: 2 of 2 experiments/);
  });

  test('is refused where the agent does not understand it, and where there is no campaign', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const asked = scene.say('/research try something bold');
    await workOn(scene);
    assert.match(answerTo(scene, asked) ?? '', /Expected an idea such as `depth = 3`/);
    assert.match(statusOf(scene), /0 of 1 experiments/);
  });

  test('that comes to nothing in the end says so on the issue, and is not counted', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const asked = scene.say('/research try colour = 3');
    await workOn(scene);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    assert.match(
      saidOn(scene, scene.issue, `asked ${asked}`),
      /Nothing came of `colour = 3`, which alice asked/,
    );
    assert.match(statusOf(scene), /Finished: 1 of 1 experiments/);
  });

  test('takes effect once, wherever the App is killed', async () => {
    await killedAfterEveryWrite(
      async () => {
        const scene = campaignScene(1);
        await measureChampion(scene);
        scene.measure('1/1.1', 1.05);
        await workOn(scene);
        return scene;
      },
      scene => scene.say('/research try width = 3'),
      scene => {
        assert.equal(pullsOf(scene.model, scene.issue).length, 2);
        assert.match(statusOf(scene), /1 of 2 experiments/);
      },
    );
  });
});

describe('a gain too good to be believed', () => {
  test('is held: labelled, said with what decides, and never merged by itself', async () => {
    const scene = await heldScene();
    const pull = pullOf(scene, 6);
    assert.equal(pull.state, 'open');
    assert.ok(pull.labels.includes(HELD_LABEL));
    assert.match(
      saidOn(scene, pull.number, 'held'),
      /Held for a person.*0\.5[\s\S]*`\/research keep` merges it, `\/research discard` closes it/,
    );
    assert.equal(phaseOf(scene), 'paused');
    assert.match(statusOf(scene), new RegExp(`Only people can decide what is left: #${pull.number}\\.`));
  });

  test('takes no runner from other ideas', async () => {
    const scene = await heldScene(7);
    assert.deepEqual(
      [phaseOf(scene), pullOf(scene, 6).state, pullOf(scene, 7).state],
      ['running', 'open', 'open'],
    );
    assert.match(statusOf(scene), /✋ held/);
    assert.match(statusOf(scene), new RegExp(`Waits for a person:\\*\\* #${pullOf(scene, 6).number}`));
  });

  test('is merged by a person’s word, and the campaign goes on to its end', async () => {
    const scene = await heldScene();
    scene.sayOn(pullOf(scene, 6).number, '/research keep');
    await workOn(scene);
    assert.equal(pullOf(scene, 6).state, 'merged');
    assert.match(messageOfTip(scene), /Kept-by: bob$/);
    assert.equal(phaseOf(scene), 'finished');
  });

  test('is closed by another', async () => {
    const scene = await heldScene();
    scene.sayOn(pullOf(scene, 6).number, '/research discard');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['closed', 'finished']);
  });

  test('is measured once more by a third, and then judged anew', async () => {
    const scene = await heldScene();
    const trials = scene.model.runs.values().filter(({ title }) => title.startsWith('1/6.')).length;
    scene.sayOn(pullOf(scene, 6).number, '/research rerun');
    await workOn(scene);
    assert.equal(phaseOf(scene), 'running');
    const { number } = pullOf(scene, 6);
    scene.measure(`1/6.${trials + 1}`, 0.5);
    await workOn(scene);
    assert.equal(phaseOf(scene), 'paused', 'it is too good again');
    assert.match(saidOn(scene, number, 'held'), new RegExp(`\\| 1/6\\.${trials + 1} `));
  });

  test('is closed when the campaign is stopped', async () => {
    const scene = await heldScene();
    scene.say('/research stop');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['closed', 'stopped']);
  });

  test('survives a restart, and stays held when somebody takes the label off', async () => {
    const scene = await heldScene();
    changePull(scene.model, 'alice', pullOf(scene, 6).number, { labels: ['research'] });
    scene.restart();
    scene.say('/research resume');
    await workOn(scene);
    assert.deepEqual([pullOf(scene, 6).state, phaseOf(scene)], ['open', 'paused']);
  });

  test('is kept with more runners taken than there are: its trial waits for one', async () => {
    const scene = await heldScene(7);
    push(scene, 'main', 'README.md', 'New.\n');
    scene.sayOn(pullOf(scene, 6).number, '/research keep');
    await workOn(scene);
    const running = () =>
      scene.model.runs
        .values()
        .filter(({ status }) => status !== 'completed')
        .map(({ title }) => title);
    assert.equal(running().length, 1);
  });
});

describe('/research stop', () => {
  test('cancels the champion’s trial, too', async () => {
    const scene = campaignScene(1);
    await scene.work();
    scene.say('/research stop');
    await workOn(scene);
    assert.deepEqual(
      scene.model.runs.values().map(({ title, conclusion }) => [title, conclusion]),
      [['1/0.1', 'cancelled']],
    );
    assert.deepEqual(
      scene.model.checks.values().map(({ completed, conclusion }) => [completed, conclusion]),
      [[true, 'neutral']],
    );
    scene.say('/research 1');
    await workOn(scene);
    assert.equal(scene.model.runs.values().at(-1)?.title, '1/0.2', 'it is measured anew');
  });

  test('cancels what experiments run', async () => {
    const scene = campaignScene(2, 2);
    await measureChampion(scene);
    scene.say('/research stop');
    await workOn(scene);
    const ended = scene.model.runs.values().filter(({ title }) => !title.startsWith('1/0.'));
    assert.deepEqual(
      ended.map(({ title, conclusion }) => [title, conclusion]),
      [
        ['1/1.1', 'cancelled'],
        ['1/2.1', 'cancelled'],
      ],
    );
  });
});

test('a word that took effect is not taken up again after somebody deleted the status comment', async () => {
  const scene = campaignScene(1);
  await measureChampion(scene);
  scene.measure('1/1.1', 1.1);
  await workOn(scene);
  const { model, issue } = scene;
  addComment(model, 'alice', pullOf(scene, 1).number, '/research rerun');
  await workOn(scene);
  scene.measure('1/2.1', 1.1);
  await workOn(scene);
  assert.equal(pullsOf(model, issue).length, 2);
  scene.pass(600);
  await workOn(scene);
  for (const { comment } of statusComments(model, issue)) deleteComment(model, 'bob', comment.id);
  scene.say('/research 1');
  await workOn(scene);
  scene.restart();
  await workOn(scene);
  assert.equal(statusComments(model, issue)[0]?.state.target, 3, 'one more than the two that there were');
});

test('of more words than an experiment keeps, each takes effect once all the same', async () => {
  const scene = campaignScene(1);
  await measureChampion(scene);
  const { number } = pullOf(scene, 1);
  for (let i = 0; i < KEPT_WORDS + 3; i++)
    scene.sayOn(number, i % 2 === 0 ? '/research rerun' : '/research keep');
  let answers = 0;
  for (let looks = 0; looks < 3 * KEPT_WORDS; looks++) if ((await scene.look()).kind === 'answer') answers++;
  assert.equal(answers, KEPT_WORDS + 3);
});

test('stop cancels what runs even where the contract is broken', async () => {
  const scene = campaignScene(1);
  await measureChampion(scene);
  push(scene, 'main', CONTRACT_PATH, 'parallel: many\n');
  await workOn(scene);
  assert.equal(phaseOf(scene), 'paused');
  scene.pass(180);
  scene.say('/research stop');
  await workOn(scene);
  const run = scene.model.runs.values().find(({ title }) => title === '1/1.1');
  assert.deepEqual([run?.conclusion, pullOf(scene, 1).state], ['cancelled', 'closed']);
});
