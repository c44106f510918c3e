import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Place } from './place.test-helper.ts';
import { contractWith, researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

const CONTRACT = '.github/research.yml';
const WORKFLOW = '.github/workflows/experiment.yml';
const LABELLER = 'name: label\non: {pull_request_target: {types: [opened]}}\njobs: {}\n';

const world = await startWorld();
const place = (name: string, change: Record<string, string | null>, isPrivate?: boolean) =>
  world.place(name, researchFiles(change), isPrivate);
const places = {
  wrongKey: await place('wrong-key', { [CONTRACT]: contractWith('budget: 5s', 'buget: 5s') }),
  wrongValue: await place('wrong-value', {
    [CONTRACT]: `${contractWith('budget: 5s', 'budget: soon')}parallel: many\n`,
  }),
  noContract: await place('no-contract', { [CONTRACT]: null, [WORKFLOW]: null }),
  open: await place('open', {}, false),
  labels: await place('labels', { '.github/workflows/label.yml': LABELLER }),
  blocked: await place('blocked', {}),
  noFile: await place('no-file', { [CONTRACT]: contractWith('[settings.txt]', '[settings.txt, train.py]') }),
};
await world.bot.start();

/** The App's answer to `/research 3`, after checking that nothing was started. */
async function refusal(where: Place): Promise<string> {
  const issue = await where.issue();
  const comment = await where.comment('alice', issue, '/research 3');
  const answer = await where.answer(issue, comment);
  assert.match(answer, /^The campaign cannot start yet:\n\n- /);
  assert.deepEqual((await where.reactions(comment)).sort(), ['confused', 'eyes']);
  const { data } = await where.alice.rest.issues.get({ ...where.repo, issue_number: issue });
  assert.deepEqual(data.labels, []);
  const runs = await where.alice.rest.actions.listWorkflowRunsForRepo(where.repo);
  assert.equal(runs.data.total_count, 0);
  return answer;
}

test('a wrong key or value in the contract is named with file, line, expectation and what was found', async () => {
  assert.match(
    await refusal(places.wrongKey),
    /\.github\/research\.yml:6: trial\.buget: expected a known key \(did you mean budget\?\), found buget/,
  );
  const answer = await refusal(places.wrongValue);
  assert.match(
    answer,
    /research\.yml:6: trial\.budget: expected a duration such as 90s, 5m or 1h, found "soon"/,
  );
  assert.match(answer, /research\.yml:9: parallel: expected a number, found "many"/);
});

test('a missing contract or workflow is refused with a link to a page that makes it', async () => {
  const answer = await refusal(places.noContract);
  for (const path of [CONTRACT, WORKFLOW]) {
    assert.ok(answer.includes(`There is no \`${path}\` on \`main\`.`), answer);
    const link = `${world.github.url}/alice/no-contract/new/main?filename=${encodeURIComponent(path)}&value=`;
    assert.ok(answer.includes(link), answer);
  }
});

test('a file that the contract names and the base lacks is named', async () => {
  assert.match(
    await refusal(places.noFile),
    /lists `train\.py` under `editable`, but there is no such file on `main`/,
  );
});

test('a public repository with a self-hosted runner has to accept that explicitly', async () => {
  assert.match(
    await refusal(places.open),
    /public, and its trials run agents' code on a self-hosted runner[\s\S]*`accept_public_self_hosted: true`/,
  );
});

test("another workflow that candidates' branches would set off is refused by name", async () => {
  assert.match(
    await refusal(places.labels),
    /`\.github\/workflows\/label\.yml` runs on `pull_request_target`/,
  );
});

test("a branch that stands in the way of the experiments' branches is named", async () => {
  const { alice, repo } = places.blocked;
  const main = await alice.rest.git.getRef({ ...repo, ref: 'heads/main' });
  await alice.rest.git.createRef({ ...repo, ref: 'refs/heads/research', sha: main.data.object.sha });
  assert.match(await refusal(places.blocked), /The branch `research` prevents .*Rename or delete it\./);
});

test('the App logged no error', () => {
  assert.deepEqual(world.errors(), []);
});
