import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STOP_INPUT, stopBarSchema } from './campaign/stop-bar.ts';
import { noticeKey, replyKey } from './github/replies.ts';
import { candidateMessage } from './render/pull.ts';
import { markerOf, pullsOf, statusComments } from './sim/invariants/read.ts';
import { NAMES, SETTINGS } from './sim/landscape.ts';
import { changeRun, createCheck, dispatchRun } from './sim/model/actions.ts';
import { addComment, changePull, openIssue, openPull } from './sim/model/issues.ts';
import { setBranch, tipOf } from './sim/model/refs.ts';
import { Refusal } from './sim/model/refusal.ts';
import { campaignScene, measureChampion, push, type Scene } from './sim/scene.test-helper.ts';

const LAG_MS = 5000;

/** An App was killed before it could open a pull request from this branch. */
function leaveCandidate({ model }: Scene, branch: string): string {
  const [, issue, number] = branch.split('/').map(Number);
  const parent = tipOf(model, 'main') ?? '';
  const tree = model.git.writeTree(new Map([[SETTINGS, `${NAMES[0]} = 9\n`]]));
  const idea = { title: 'Lost', hypothesis: '', edits: [] };
  const message = candidateMessage({ idea, campaign: issue ?? 0, number: number ?? 0 });
  const sha = model.git.writeCommit({ tree, parents: [parent], message }, String(model.now()));
  setBranch(model, model.botLogin, branch, sha);
  return sha;
}

describe('lists that lag behind what the App just wrote', () => {
  test('a command is answered once', async () => {
    const scene = campaignScene(1);
    await scene.work();
    scene.lag = LAG_MS;
    const asked = scene.say('/research help');
    for (let i = 0; i < 20; i++) await scene.look();
    const answers = scene.model.comments.values().filter(({ body }) => replyKey(body) === asked);
    assert.equal(answers.length, 1);
  });

  test('an answer that failed although it was written is not written again', async () => {
    const scene = campaignScene(1);
    await scene.work();
    scene.lag = LAG_MS;
    const asked = scene.say('/research help');
    let failures = 0;
    scene.line = async (call, _what, effect) => {
      const result = effect();
      if (call === 'createComment' && failures++ === 0) throw new Refusal(502, 'Bad Gateway');
      return result;
    };
    for (let i = 0; i < 20; i++) await scene.look().catch(() => undefined);
    assert.equal(failures, 1);
    assert.equal(scene.model.comments.values().filter(({ body }) => replyKey(body) === asked).length, 1);
  });

  test('an idea whose pull request is there although the answer got lost is not opened again, whatever its branch says', async () => {
    const scene = campaignScene(3);
    for (const [k, value] of [1, 1.001, 0.999].entries()) {
      await scene.work();
      scene.measure(`1/0.${k + 1}`, value);
    }
    let failures = 0;
    scene.line = async (call, what, effect) => {
      // Otherwise it would look like a branch that was left over, which waits for a while, too.
      if (call === 'commit' && what !== 'main') throw new Refusal(422, 'Unprocessable');
      // The branch is seen before its pull request.
      scene.lag = call === 'branches' ? 0 : LAG_MS;
      const result = effect();
      if (call === 'createPull' && failures++ === 0) throw new Refusal(502, 'Bad Gateway');
      return result;
    };
    for (let i = 0; i < 20; i++) {
      await scene.look().catch(() => undefined);
      await new Promise(setImmediate);
    }
    assert.equal(failures, 1);
    assert.deepEqual(
      pullsOf(scene.model, 1).map(({ branch }) => branch),
      ['research/1/1'],
    );
  });

  test('a trial is dispatched once', async () => {
    const scene = campaignScene(1);
    scene.lag = LAG_MS;
    for (let i = 0; i < 20; i++) await scene.look();
    assert.deepEqual(
      scene.model.runs.values().map(({ title }) => title),
      ['1/0.1'],
    );
    assert.equal(scene.model.checks.values().length, 1);
  });

  test('an experiment that was just opened is not taken for a branch that was left over, not even after a restart', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    scene.lag = LAG_MS;
    scene.restart();
    for (let i = 0; i < 20; i++) await scene.look();
    assert.deepEqual(
      pullsOf(scene.model, scene.issue).map(({ state }) => state),
      ['open'],
    );
  });

  test('a branch without a pull request is deleted after a while', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const branch = `research/${scene.issue}/1`;
    leaveCandidate(scene, branch);
    await scene.look();
    assert.ok(tipOf(scene.model, branch));
    scene.pass(30);
    await scene.work();
    assert.equal(tipOf(scene.model, branch), undefined);
  });

  test('a person’s branch, or pull request, on the name of an experiment stays, and the campaign goes around it', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const { model, issue } = scene;
    const main = tipOf(model, 'main') ?? '';
    setBranch(model, 'alice', `research/${issue}/1`, main);
    const work = push(scene, `research/${issue}/1`, SETTINGS, 'by hand\n');
    const candidate = leaveCandidate(scene, `research/${issue}/2`);
    const texts = { title: 'Mine', body: 'Found it lying around.', base: 'main' };
    openPull(model, 'alice', { ...texts, branch: `research/${issue}/2` });
    await measureChampion(scene);
    assert.deepEqual(
      [1, 2].map(number => tipOf(model, `research/${issue}/${number}`)),
      [work, candidate],
    );
    assert.ok(model.pulls.values().some(({ branch }) => branch === `research/${issue}/3`));
  });
});

describe('people in between', () => {
  test('a trial of an experiment that somebody pushed to is recorded once', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    push(scene, `research/${scene.issue}/1`, SETTINGS, 'by hand\n');
    scene.measure(`${scene.issue}/1.1`, 0.9);
    scene.pass(60);
    const done = await scene.work();
    assert.equal(done.filter(kind => kind === 'record').length, 1);
    scene.pass(60);
    assert.deepEqual(await scene.work(), []);
  });

  test('a champion’s trial is recorded where it was begun, whatever the base is by now', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const champion = tipOf(scene.model, 'main');
    push(scene, 'main', 'README.md', 'New.\n');
    scene.measure(`${scene.issue}/0.1`, 1);
    await scene.work();
    const [check, ...others] = scene.model.checks.values().filter(({ externalId }) => externalId === '1/0.1');
    assert.deepEqual([check?.sha, check?.completed, others.length], [champion, true, 0]);
  });

  test('a champion’s trial that is in no list yet when somebody moves the base makes room for the new champion’s', async () => {
    const scene = campaignScene(1);
    scene.model.runListLagSeconds = 60;
    await scene.work();
    const runs = () => scene.model.runs.values().filter(({ title }) => title === '1/0.1');
    assert.equal(runs().length, 1);
    push(scene, 'main', 'README.md', 'New.\n');
    scene.pass(15);
    await scene.work();
    scene.pass(60);
    await scene.work();
    assert.deepEqual(
      runs().map(({ status, inputs }) => [status, inputs.candidate === tipOf(scene.model, 'main')]),
      [
        ['completed', false],
        ['queued', true],
      ],
    );
    scene.measure('1/0.1', 1);
    await scene.work();
    const [status] = statusComments(scene.model, scene.issue);
    assert.deepEqual(
      status?.state.baselines.map(({ outcome, candidate }) => [outcome.status, candidate]),
      [['measured', tipOf(scene.model, 'main')]],
    );
  });

  test('a run that takes its time to be cancelled keeps nothing waiting', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const first = scene.model.runs.values().find(({ title }) => title === '1/1.1') ?? assert.fail();
    const inputs = first.inputs;
    const second = dispatchRun(scene.model, scene.model.botLogin, first.workflow, 'main', inputs);
    changeRun(scene.model, 'runner', second, { status: 'in_progress' });
    await scene.work();
    assert.equal(scene.model.runs.get(second)?.cancelling, true);
    scene.measure('1/1.1', 1.1);
    await scene.work();
    assert.equal(scene.model.runs.get(second)?.status, 'in_progress');
    assert.equal(pullsOf(scene.model, 1)[0]?.state, 'closed');
  });

  test('a trial that left no result says nothing about a champion that came later', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const champion = tipOf(scene.model, 'main');
    push(scene, 'main', 'README.md', 'New.\n');
    scene.measure(`${scene.issue}/0.1`);
    await scene.work();
    const [status] = statusComments(scene.model, scene.issue);
    assert.deepEqual(
      status?.state.baselines.map(({ candidate, outcome }) => [candidate, outcome.status]),
      [[champion, 'fault']],
    );
  });

  test('what trials cost before the champion moved stays in the totals', async () => {
    const scene = campaignScene(2, 2);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.994);
    scene.measure('1/2.1', 0.995);
    await scene.work();
    scene.measure('1/1.2', 0.994);
    await scene.work();
    scene.measure('1/2.2', 0.995);
    scene.pass(60);
    await scene.work();
    const markers = pullsOf(scene.model, scene.issue).map(markerOf);
    assert.deepEqual(
      markers.map(marker => [marker?.restacks, marker?.earlier.trials]),
      [
        [0, 0],
        [1, 2],
      ],
    );
    scene.pass(60);
    await scene.work();
    assert.match(statusComments(scene.model, scene.issue)[0]?.comment.body ?? '', /Spent: 7 trials/);
  });

  test('an experiment that ended while it was to be made again on a new champion stays as it ended', async () => {
    const scene = campaignScene(2, 2);
    await measureChampion(scene);
    scene.measure('1/1.1', 0.995);
    scene.measure('1/2.1', 0.994);
    await scene.work();
    scene.measure('1/1.2', 0.995);
    await scene.work();
    scene.measure('1/2.2', 0.994);
    scene.line = async (call, _what, effect) => {
      const result = effect();
      const [, second] = pullsOf(scene.model, scene.issue);
      if (call === 'createCommit' && second?.state === 'open')
        changePull(scene.model, 'alice', second.number, { state: 'merged' });
      return result;
    };
    const before = markerOf(pullsOf(scene.model, scene.issue)[1] ?? assert.fail());
    scene.pass(60);
    for (let i = 0; i < 3; i++) await scene.look();
    const after = markerOf(pullsOf(scene.model, scene.issue)[1] ?? assert.fail());
    assert.deepEqual([after?.restacks, after?.commit], [0, before?.commit]);
  });

  test('an experiment whose hidden part is gone is one of those that were asked for', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const [pull] = pullsOf(scene.model, scene.issue);
    changePull(scene.model, 'alice', pull?.number ?? 0, { body: 'Tidied up.' });
    await scene.work();
    changePull(scene.model, 'alice', pull?.number ?? 0, { state: 'closed' });
    scene.say('/research resume');
    await scene.work();
    assert.equal(pullsOf(scene.model, scene.issue).length, 1);
    assert.equal(statusComments(scene.model, scene.issue)[0]?.state.phase, 'finished');
  });
});

describe('what two Apps at once made twice', () => {
  test('of two status comments the first counts, also after a restart, and the other is deleted', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const [first] = statusComments(scene.model, scene.issue);
    addComment(scene.model, scene.model.botLogin, scene.issue, first?.comment.body ?? '');
    scene.restart();
    scene.say('/research pause');
    await scene.work();
    assert.deepEqual(
      statusComments(scene.model, scene.issue).map(({ state, comment }) => [comment.id, state.phase]),
      [[first?.comment.id, 'paused']],
    );
  });

  test('of two answers, as of two notices, the one that was written last stays', async () => {
    const scene = campaignScene(1);
    const question = scene.say('/research help');
    await scene.work();
    const { model, issue } = scene;
    const answers = () => model.comments.values().filter(({ body }) => replyKey(body) === question);
    addComment(model, model.botLogin, issue, answers()[0]?.body ?? '');
    addComment(model, 'alice', issue, answers()[0]?.body ?? '');
    const last = answers().map(({ id }) => id)[1];
    assert.equal(answers().length, 3);
    assert.deepEqual(await scene.work(), ['tidy']);
    assert.deepEqual(
      answers().map(({ author, id }) => [author, id === last]),
      [
        [model.botLogin, true],
        ['alice', false],
      ],
    );
  });

  test('of two runs and two checks of one trial the first counts; the other run is cancelled, the other check closed', async () => {
    const scene = campaignScene(1);
    await scene.work();
    const { model } = scene;
    const [check] = model.checks.values();
    const [run] = model.runs.values();
    if (!check || !run) throw new Error('Expected the check and the run of the first trial.');
    createCheck(model, model.botLogin, check);
    dispatchRun(model, model.botLogin, 'experiment.yml', 'main', run.inputs);
    assert.deepEqual(await scene.work(), ['tidy', 'tidy']);
    assert.deepEqual(
      model.runs.values().map(({ title, conclusion }) => [title, conclusion]),
      [
        ['1/0.1', null],
        ['1/0.1', 'cancelled'],
      ],
    );
    assert.deepEqual(
      model.checks.values().map(({ externalId, conclusion }) => [externalId, conclusion]),
      [
        ['1/0.1', null],
        ['1/0.1', 'neutral'],
      ],
    );
    scene.measure('1/0.1', 1);
    await scene.work();
    assert.deepEqual(
      statusComments(model, scene.issue)[0]?.state.baselines.map(({ runId, outcome }) => [
        runId,
        outcome.status,
      ]),
      [[run.id, 'measured']],
    );
  });
});

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

  test('what GitHub refuses three times with the same words is passed over', async () => {
    const scene = campaignScene(1);
    refuse(scene, () => 'Locked');
    for (let i = 0; i < 60; i++) await scene.look().catch(() => undefined);
    scene.line = async (_call, _what, effect) => effect();
    scene.pass(120);
    assert.deepEqual(await scene.work(), []);
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
    assert.match(said[0]?.body ?? '', new RegExp(`\`decide\` of #${first.number}: .*issue is locked`));
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

describe('a run that nobody picks up', () => {
  const notices = ({ model, issue }: Scene) =>
    model.comments.values().filter(({ issue: on, body }) => on === issue && /^No runner/.test(body));

  test('and that GitHub does not cancel is given up once, and its trial is taken anew', async () => {
    const scene = campaignScene(1);
    await measureChampion(scene);
    const { model } = scene;
    scene.pass(3700);
    await scene.work();
    assert.equal(statusComments(model, 1)[0]?.state.phase, 'paused');
    let cancelled = 0;
    scene.line = async (call, _what, effect) => {
      if (call !== 'cancelRun') return effect();
      cancelled++;
      throw new Refusal(409, 'Cannot cancel a workflow run that is completed.');
    };
    scene.say('/research resume');
    await scene.work();
    scene.pass(60);
    await scene.work();
    assert.equal(cancelled, 1);
    assert.deepEqual(
      model.runs
        .values()
        .filter(({ title }) => title.startsWith('1/1.'))
        .map(({ title, status }) => [title, status]),
      [
        ['1/1.1', 'queued'],
        ['1/1.2', 'queued'],
      ],
    );
    scene.measure('1/1.2', 1.1);
    await scene.work();
    assert.equal(pullsOf(model, 1)[0]?.state, 'closed');
  });

  for (const status of [403, 500])
    test(`and that GitHub refuses to cancel with ${status} is given up all the same`, async () => {
      const scene = campaignScene(1);
      await measureChampion(scene);
      scene.pass(3700);
      await scene.work();
      scene.line = async (call, _what, effect) => {
        if (call === 'cancelRun') throw new Refusal(status, 'Failed to cancel workflow run');
        return effect();
      };
      scene.say('/research resume');
      await scene.work();
      scene.pass(60);
      await scene.work();
      scene.measure('1/1.2', 1.1);
      await scene.work();
      assert.equal(pullsOf(scene.model, 1)[0]?.state, 'closed');
    });

  test('is not said while one runner works off what was dispatched for many', async () => {
    const scene = campaignScene(4, 4);
    await measureChampion(scene);
    for (const trial of ['1/1.1', '1/2.1', '1/3.1']) {
      scene.pass(500);
      await scene.work();
      scene.measure(trial, 1.1);
      await scene.work();
    }
    assert.deepEqual(notices(scene), []);
    scene.pass(700);
    await scene.work();
    assert.equal(notices(scene).length, 1);
  });
});

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
      /stopped at 50 % of its time, on the way to .*1\.008/,
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
