/** The ladder: when a campaign ends, its result is measured at other budgets. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FIRST_FINAL, trialParts } from '../campaign/trial-id.ts';
import { noticeKey } from '../github/replies.ts';
import { promotionsOf, pullsOf, statusComments } from '../sim/invariants/read.ts';
import { changeRun } from '../sim/model/actions.ts';
import { tipOf } from '../sim/model/state.ts';
import { campaignScene, finish, type Scene } from '../sim/scene.test-helper.ts';

const LADDER = { ladder: [600] };
const statusOf = ({ model, issue }: Scene) => statusComments(model, issue)[0] ?? assert.fail();
const isFinal = (trial: string) => trialParts(trial).experiment >= FIRST_FINAL;
const finalRuns = ({ model }: Scene) => model.runs.values().filter(({ title }) => isFinal(title));
const running = ({ model }: Scene) => model.runs.values().filter(({ status }) => status !== 'completed');
const report = ({ model, issue }: Scene) =>
  model.comments
    .values()
    .findLast(({ issue: on, body }) => on === issue && noticeKey(body)?.startsWith('report '))?.body ?? '';

/** Measures experiments until the first final trial runs. */
async function untilFinals(scene: Scene, values: readonly number[]): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await scene.work();
    const [run] = running(scene);
    assert.ok(run, 'Expected a run.');
    if (isFinal(run.title)) return;
    const { experiment, k } = trialParts(run.title);
    scene.measure(run.title, (values[experiment] ?? 0) + 0.0001 * ((k % 3) - 1));
    scene.pass(60);
  }
  assert.fail('Expected final measurements.');
}

describe('a campaign with a ladder', () => {
  test('measures its first and its last champion on the same three new seeds, reports that, and ends', async () => {
    const scene = campaignScene(2, 1, LADDER);
    const first = tipOf(scene.model, 'main');
    await finish(scene, [1, 0.9, 1.1], [0.95, 0.879]);
    const last = tipOf(scene.model, 'main');
    const runs = finalRuns(scene).map(({ inputs }) => inputs);
    assert.deepEqual(
      runs.map(({ trial, candidate, base, budget, timeout }) => [trial, candidate, base, budget, timeout]),
      [1, 2, 3].flatMap(k => [
        [`1/10001.${k}`, first, last, '600', '900'],
        [`1/10002.${k}`, last, last, '600', '900'],
      ]),
    );
    const seeds = runs.map(({ seed }) => seed);
    assert.equal(new Set(seeds).size, 3);
    assert.deepEqual(seeds[0], seeds[1]);
    const others = scene.model.runs.values().filter(({ title }) => !isFinal(title));
    assert.ok(others.every(({ inputs }) => !seeds.includes(inputs.seed)));
    assert.match(
      report(scene),
      /\*\*Does the gain hold\?\*\*\n\n- At 10 min: 0\.8790 against 0\.9500 \(3 seeds each, standard error \S+\), \*\*71% of the gain at 5 min\*\*\./,
    );
    assert.equal(statusOf(scene).state.phase, 'finished');
    assert.match(statusOf(scene).comment.body, new RegExp(`Spent: ${others.length + 6} trials`));
  });

  test('measures nothing once more if nothing was merged', async () => {
    const scene = campaignScene(1, 1, LADDER);
    await finish(scene, [1, 1.1]);
    assert.deepEqual(finalRuns(scene), []);
    assert.doesNotMatch(report(scene), /hold/);
  });

  test('goes on where it was after every restart, and asks for no trial twice', async () => {
    const scene = campaignScene(1, 2, LADDER);
    const { look } = scene;
    scene.look = async () => {
      scene.restart();
      return look();
    };
    await finish(scene, [1, 0.9], [0.95, 0.9]);
    const titles = finalRuns(scene).map(({ title }) => title);
    assert.equal(titles.length, 6);
    assert.equal(new Set(titles).size, 6);
    assert.match(report(scene), /\*\*50% of the gain/);
  });

  test('says how far it is, and ends at once when a person stops it', async () => {
    const scene = campaignScene(1, 1, LADDER);
    await untilFinals(scene, [1, 0.9]);
    assert.match(
      statusOf(scene).comment.body,
      /Measuring the result: 0 of 6 trials\. `\/research stop` ends this/,
    );
    scene.say('/research stop');
    await scene.work();
    assert.deepEqual(
      finalRuns(scene).map(({ conclusion }) => conclusion),
      ['cancelled'],
    );
    assert.equal(statusOf(scene).state.phase, 'stopped');
    assert.match(report(scene), /- At 10 min: not measured \(0 of 6 trials\)\./);
  });

  test('is done after its limit of hours, which is for experiments', async () => {
    const scene = campaignScene(5, 1, { ...LADDER, hoursLimit: 0.1 });
    await finish(scene, [1, 0.9, 0.91, 1.1, 1.1, 1.1], [0.95, 0.9]);
    assert.equal(finalRuns(scene).length, 6);
    assert.match(report(scene), /The campaign ended: Reached the contract's limit of 0\.1 hours/);
  });

  test('tells of a champion that crashes there, and takes no more trials of it', async () => {
    const scene = campaignScene(1, 1, LADDER);
    await untilFinals(scene, [1, 0.9]);
    scene.measure('1/10001.1', 0.95);
    await scene.work();
    scene.crash('1/10002.1');
    await finish(scene, [], [0.95]);
    assert.match(report(scene), /- At 10 min, the last champion crashed \(exception\): ValueError/);
    assert.equal(finalRuns(scene).length, 4);
  });

  test('gives up a machine that fails three times, and says what it said', async () => {
    const scene = campaignScene(1, 1, LADDER);
    await untilFinals(scene, [1, 0.9]);
    for (let i = 0; i < 20 && statusOf(scene).state.phase === 'running'; i++) {
      const [run] = running(scene);
      if (run) scene.measure(run.title);
      scene.pass(60);
      await scene.work();
    }
    assert.match(report(scene), /- At 10 min: not measured \(0 of 6 trials\): The run ended/);
    assert.equal(statusOf(scene).state.phase, 'finished');
  });

  test('that goes on meanwhile makes its experiments first, and measures only the new champion', async () => {
    const scene = campaignScene(1, 1, LADDER);
    await untilFinals(scene, [1, 0.9]);
    scene.say('/research 1');
    await finish(scene, [1, 0.9, 0.8], [0.95, 0.9, 0.85]);
    assert.equal(pullsOf(scene.model, 1).length, 2);
    const counts = Map.groupBy(finalRuns(scene), ({ inputs }) => inputs.candidate);
    assert.equal(counts.get(tipOf(scene.model, 'main'))?.length, 3);
    assert.deepEqual(
      [...counts.values()].map(({ length }) => length),
      [3, 3],
    );
    assert.match(report(scene), /0\.8500 against 0\.9500/);
  });

  test('a trial that a person stopped counts for nothing when the campaign goes on', async () => {
    const scene = campaignScene(1, 1, LADDER);
    await untilFinals(scene, [1, 0.9]);
    scene.say('/research stop');
    await scene.work();
    const [run] = finalRuns(scene);
    changeRun(scene.model, 'runner', run?.id ?? 0, { status: 'completed', conclusion: 'cancelled' });
    scene.say('/research 1');
    await finish(scene, [1, 0.9, 1.1], [0.95, 0.9]);
    assert.match(report(scene), /0\.9000 against 0\.9500 \(3 seeds each/);
  });
});

describe('`promote: {at_least: 0.5}`', () => {
  const scene = (atLeast: number | null) => campaignScene(1, 1, { ...LADDER, apart: true, atLeast });

  test('keeps a gain that does not hold off the pull request, and says so', async () => {
    const here = scene(0.5);
    await finish(here, [1, 0.9], [0.95, 0.92]);
    assert.deepEqual(promotionsOf(here.model, 1), []);
    const held =
      /Not offered in a pull request: `promote\.at_least` asks for 50% of the gain at 10 min\. `research\/1\/base` stays/;
    assert.match(report(here), held);
    assert.doesNotMatch(report(here), /Take it:/);
    assert.match(statusOf(here).comment.body, held);
    assert.ok(tipOf(here.model, 'research/1/base'));
  });

  test('offers one that holds, with the numbers', async () => {
    const here = scene(0.5);
    await finish(here, [1, 0.9], [0.95, 0.88]);
    assert.match(
      promotionsOf(here.model, 1)[0]?.body ?? '',
      /Measured once more on new seeds:\n\n- At 10 min: 0\.8800 against 0\.9500 .*\*\*70% of the gain at 5 min/,
    );
  });

  test('without it, whatever was found is offered', async () => {
    const here = scene(null);
    await finish(here, [1, 0.9], [0.95, 0.95]);
    assert.match(promotionsOf(here.model, 1)[0]?.body ?? '', /of the gain at 5 min/);
  });

  test('offers what was not measured because a person stopped it, and says that', async () => {
    const here = scene(0.5);
    await untilFinals(here, [1, 0.9]);
    here.say('/research stop');
    await here.work();
    assert.match(promotionsOf(here.model, 1)[0]?.body ?? '', /At 10 min: not measured \(0 of 6 trials\)/);
  });
});

describe('time to quality', () => {
  /** The score after this many seconds: straight in the logarithm of time, 1.0 after 240 s and 0.9 after 300 s. */
  const curve = (seconds: number) => 1 - (0.1 * Math.log(seconds / 240)) / Math.log(300 / 240);

  /** Lets short trials score as the curve says, with a little noise. */
  async function search(scene: Scene, noise = 0): Promise<number[]> {
    await untilFinals(scene, [1, 0.9]);
    const budgets: number[] = [];
    for (let i = 0; i < 30; i++) {
      const [run] = running(scene);
      if (!run) return budgets;
      const budget = Number(run.inputs.budget);
      budgets.push(budget);
      scene.measure(run.title, curve(budget) + noise * ((i % 3) - 1));
      scene.pass(60);
      await scene.work();
    }
    return assert.fail('Expected an end.');
  }

  test('closes in on the time in which the last champion is as good as the first', async () => {
    const scene = campaignScene(1, 1, { timeToQuality: 6 });
    assert.deepEqual(await search(scene), [213, 252, 231, 240, 234, 237]);
    assert.match(
      report(scene),
      /- loss 1\.0000, where the campaign began, now needs \*\*4:00 of 5:00\*\* \(−20%; 90% interval [34]:\d\d to 4:0\d; 6 trials\)\./,
    );
    assert.equal(statusOf(scene).state.phase, 'finished');
  });

  test('takes no more trials than the contract says', async () => {
    const scene = campaignScene(1, 1, { timeToQuality: 2 });
    assert.deepEqual(await search(scene), [213, 252]);
    assert.match(report(scene), /\*\*\d:\d\d of 5:00\*\* .*; 2 trials\)/);
  });

  test('ends the search where a trial crashes', async () => {
    const scene = campaignScene(1, 1, { timeToQuality: 6 });
    await untilFinals(scene, [1, 0.9]);
    scene.crash('1/10001.1');
    await scene.work();
    assert.equal(finalRuns(scene).length, 1);
    assert.doesNotMatch(report(scene), /where the campaign began/);
    assert.equal(statusOf(scene).state.phase, 'finished');
  });

  test('looks no further than a sixteenth of the budget', async () => {
    const scene = campaignScene(1, 1, { timeToQuality: 20 });
    await finish(scene, [1, 0.9], new Array(20).fill(0.9));
    const budgets = finalRuns(scene).map(({ inputs }) => Number(inputs.budget));
    assert.deepEqual(
      budgets,
      budgets.toSorted((a, b) => b - a),
    );
    assert.match(report(scene), /now needs \*\*less than 2\d s of 5:00\*\* \(more than −9\d%; \d trials\)/);
  });
});
