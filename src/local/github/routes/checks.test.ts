import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPO, refused, scene } from '../github.test-helper.ts';

test('the App makes a check run, finds it by its external id, and completes it', async () => {
  const { bot, main } = await scene();
  const made = await bot.rest.checks.create({
    ...REPO,
    name: 'trial 1/1.1',
    head_sha: main,
    external_id: '1/1.1',
    status: 'in_progress',
    details_url: 'http://127.0.0.1/run',
  });
  const id = made.data.id;
  const output = { title: '0.97', summary: 'Better.', text: 'Much.' };
  await bot.rest.checks.update({ ...REPO, check_run_id: id, conclusion: 'success', output });
  const list = (await bot.rest.checks.listForRef({ ...REPO, ref: 'main' })).data;
  assert.deepEqual(
    list.check_runs.map(run => [
      run.external_id,
      run.status,
      run.conclusion,
      run.output.title,
      run.app?.slug,
    ]),
    [['1/1.1', 'completed', 'success', '0.97', 'research']],
  );
});

test('only Apps make check runs', async () => {
  const { ann, main } = await scene();
  await refused(
    ann.rest.checks.create({ ...REPO, name: 'mine', head_sha: main }),
    403,
    /authenticate via a GitHub App/,
  );
});

test('the check run of a job belongs to GitHub Actions, and the App cannot edit it', async () => {
  const { bot, main } = await scene();
  const inputs = { trial: '1/1.1' };
  await bot.rest.actions.createWorkflowDispatch({
    ...REPO,
    workflow_id: 'experiment.yml',
    ref: 'main',
    inputs,
  });
  const [check] = (await bot.rest.checks.listForRef({ ...REPO, ref: main })).data.check_runs;
  assert.deepEqual([check?.name, check?.app?.slug], ['trial', 'github-actions']);
  const edit = { ...REPO, check_run_id: check?.id ?? 0, conclusion: 'success' as const };
  await refused(bot.rest.checks.update(edit), 403, /Invalid app_id `7`/);
});

test('a check run needs a commit, and a completed one a conclusion', async () => {
  const { bot, main } = await scene();
  const check = { ...REPO, name: 'trial' };
  await refused(bot.rest.checks.create({ ...check, head_sha: '1'.repeat(40) }), 422, /No commit found/);
  const undone = { ...check, head_sha: main, status: 'completed' } as const;
  await refused(bot.rest.checks.create(undone), 422, /needs a conclusion/);
});

test('a list holds the latest of each name, or all of them', async () => {
  const { bot, main } = await scene();
  for (const external of ['first', 'second']) {
    await bot.rest.checks.create({ ...REPO, name: 'trial', head_sha: main, external_id: external });
  }
  const list = async (filter?: 'latest' | 'all') => {
    const { data } = await bot.rest.checks.listForRef({ ...REPO, ref: main, ...(filter && { filter }) });
    return data.check_runs.map(run => run.external_id);
  };
  assert.deepEqual(await list(), ['second']);
  assert.deepEqual(await list('all'), ['second', 'first']);
});
