/** What an agent can change is said before anything is measured. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exploreAgent } from '../agents/explore.ts';
import { statusComments } from '../sim/invariants/read.ts';
import { SETTINGS } from '../sim/landscape.ts';
import { campaignScene } from '../sim/scene.test-helper.ts';

/** A campaign of the built-in agent, which reads the editable file as if it were Python, or not at all. */
function started(isPython: boolean) {
  const scene = campaignScene(1);
  const agent = exploreAgent({ name: 'explore' });
  const asPython = (files: ReadonlyMap<string, string>) =>
    new Map([...files].map(([, text]) => ['settings.py', text.toUpperCase()]));
  scene.context.chooseAgent = () => ({
    kind: 'agent',
    agent: isPython
      ? { ...agent, survey: files => agent.survey?.(asPython(files)) ?? { any: false, text: '' } }
      : agent,
  });
  return scene;
}

test('a campaign of the built-in agent says which settings it found', async () => {
  const scene = started(true);
  await scene.work();
  const said = [...scene.model.comments.values()].filter(({ body }) => body.includes('The built-in agent'));
  assert.equal(said.length, 1);
  assert.match(said[0]?.body ?? '', /^The built-in agent can change \d+ settings: `DEPTH = 5`, /);
  assert.equal(statusComments(scene.model, scene.issue).length, 1);
});

test('a campaign is refused if there is nothing that the built-in agent can change', async () => {
  const scene = started(false);
  await scene.work();
  const [said] = [...scene.model.comments.values()].filter(({ body }) => body.includes('The built-in agent'));
  assert.match(
    said?.body ?? '',
    new RegExp(`found nothing to change in \`${SETTINGS}\`\\. It changes numbers`),
  );
  assert.equal(statusComments(scene.model, scene.issue).length, 0);
  assert.deepEqual([...scene.model.runs.values()], []);
});
