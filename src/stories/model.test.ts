import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScriptedRequest } from '../agents/scripted-openai.test-helper.ts';
import { askedFor, CHANGES, corrections, proposal } from './model.test-helper.ts';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

const [DEPTH, WIDTH] = CHANGES as [(typeof CHANGES)[number], (typeof CHANGES)[number]];
const NONSENSE = 'I would rather talk about the weather.';

/** Answers to experiment 1, in the order in which a model that is corrected gives them. */
const FIRST = [
  NONSENSE,
  proposal({ title: 'nowhere', from: 'depth: 77', to: 'depth: 78' }),
  proposal(WIDTH).replace('settings.txt', 'score/effects.txt'),
  proposal(WIDTH),
];
const SECOND = [
  proposal({ title: 'nothing', from: 'depth: 1', to: 'depth: 1' }),
  proposal({ ...WIDTH, title: 'the same again, under another name' }),
  proposal(DEPTH),
];

let mended = false;

function script(request: ScriptedRequest): string {
  const answers = { 1: FIRST, 2: SECOND }[askedFor(request)];
  if (answers) return answers[corrections(request)] ?? NONSENSE;
  return mended ? proposal({ title: 'decay 1 → 3', from: 'decay: 1', to: 'decay: 3' }) : NONSENSE;
}

test('what the model proposes becomes pull requests; nonsense is told back to it and pauses the campaign', async () => {
  const world = await startWorld({ model: script });
  const place = await world.place('model', researchFiles());
  await world.bot.start();
  const issue = await place.issue();
  await place.comment('bob', issue, '/research 3');
  const status = await place.status(issue, /⏸ Paused: 2 of 3 experiments/);

  assert.match(status, /5 proposals failed in a row.*`?expected one JSON object, found none/);
  const conversations = Map.groupBy(world.model.requests, askedFor);
  const told = (experiment: number) =>
    (conversations.get(experiment) ?? []).slice(1).map(({ messages }) => messages.at(-1)?.content ?? '');
  const expected = {
    1: [
      /found none/,
      /search does not occur in the file[\s\S]*closest is line 1, "depth: 1"/,
      /this path is not editable; editable paths: settings\.txt/,
    ],
    2: [
      /the edits change nothing/,
      /This exact code (?:was already tried|is already queued) as experiment 1 \("width 1 → 2"\)/,
    ],
  };
  for (const [experiment, patterns] of Object.entries(expected)) {
    const corrected = told(Number(experiment));
    assert.equal(corrected.length, patterns.length);
    for (const [i, pattern] of patterns.entries()) assert.match(corrected[i] ?? '', pattern);
  }
  assert.equal(conversations.get(3)?.length, 5 * 4, 'an answer and three corrections, five times');

  mended = true;
  await place.comment('bob', issue, '/research resume');
  await place.status(issue, /🏁 Finished: 3 of 3 experiments/);
  const history = await place.history(issue);
  assert.deepEqual(
    history.pulls.map(({ title, state }) => `${state}: ${title}`),
    [
      'closed: 1.0152 (+0.0153) width 1 → 2',
      'merged: 0.9802 (−0.0197) depth 1 → 2',
      'merged: 0.9771 (−0.0032) decay 1 → 3',
    ],
  );
  assert.deepEqual(
    history.pulls.map(({ marker }) => marker.cost.calls),
    [4, 3, 1],
  );
  assert.equal(
    await place.file('settings.txt', 'main'),
    'depth: 2\nwidth: 1\nrate: 1\ndecay: 3\nbatch: 1\nnotes: none\n',
  );
  assert.deepEqual(world.errors(), []);
});

test('a crash is given back to the model, and what it mends is measured on the same pull request', async () => {
  const prompts: string[] = [];
  const world = await startWorld({
    model: request => {
      const asked = request.messages.map(({ content }) => content).join('\n');
      if (!asked.includes('# An earlier idea that needs new edits'))
        return askedFor(request) === 1
          ? proposal({ title: 'decay', from: 'rate: 1', to: 'rate: 9' })
          : proposal({ title: 'rate again', from: 'rate: 1', to: 'rate: 9' });
      const again = asked.slice(asked.indexOf('# An earlier idea'));
      prompts.push(again);
      return again.includes('rate again')
        ? 'I give up.'
        : proposal({ title: 'decay 1 → 3', from: 'decay: 1', to: 'decay: 3' });
    },
  });
  const place = await world.place('mended', researchFiles());
  await world.bot.start();
  const issue = await place.issue();
  await place.comment('bob', issue, '/research 2');
  await place.status(issue, /🏁 Finished: 2 of 2 experiments/);
  const { pulls } = await place.history(issue);
  assert.deepEqual(
    pulls.map(({ state, marker }) => [state, marker.idea.title, marker.repairs, marker.earlier.trials]),
    [
      ['merged', 'decay 1 → 3', 1, 1],
      ['closed', 'rate again', 0, 0],
    ],
  );
  assert.match(prompts[0] ?? '', /RuntimeError: rate: 9 does not converge/);
  assert.deepEqual(world.errors(), []);
});
