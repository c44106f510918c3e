import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crawl } from '../local/github/pages/crawl.test-helper.ts';
import { BOT } from './github.test-helper.ts';
import { researchFiles } from './repository.test-helper.ts';
import { startWorld } from './world.test-helper.ts';

const world = await startWorld({ jobs: true });
const place = await world.place('model', researchFiles());
await world.bot.start();
const issue = await place.issue();
const asked = await place.comment('bob', issue, '/research 5');
await place.status(issue, /🏁 Finished: 5 of 5 experiments/);
await place.waitFor('the export of all five', async () => {
  const lines = await place.file('results.tsv', 'research-log');
  return lines?.trim().split('\n').length === 7;
});
const history = await place.history(issue);

test('every experiment is a pull request whose title and one comment tell value and verdict', () => {
  assert.deepEqual(
    history.pulls.map(({ title, state }) => `${state}: ${title}`),
    [
      'merged: 0.9802 (−0.0197) depth 1 → 2',
      'closed: 0.9952 (+0.0150) width 1 → 2',
      'merged: 0.9771 (−0.0032) decay 1 → 3',
      'closed: crash: rate 1 → 9',
      'closed: 0.9852 (+0.0082) batch 1 → 4',
    ],
  );
  for (const { labels, comments } of history.pulls) {
    assert.deepEqual(labels, ['research']);
    assert.deepEqual(
      comments.map(({ author }) => author),
      [BOT],
    );
  }
  const said = history.pulls.map(({ comments }) => comments[0]?.body ?? '');
  assert.match(
    said[0] ?? '',
    /^✅ \*\*Merging:\*\* val_bpb \*\*0\.9802\*\*, 0\.0197 better than the champion \(0\.9999\)\.\n\n\*\*Odds of a real gain:\*\* about \d+ to 1\. Before its first trial they were about 1 to \d+: about one idea in \w+ helps\.\n/,
  );
  assert.match(said[1] ?? '', /^❌ \*\*Worse, not merged:\*\* val_bpb \*\*0\.9952\*\*/);
  assert.match(said[3] ?? '', /^💥 \*\*Crashed\*\* \(exception\): RuntimeError: rate: 9 does not converge/);
});

test('main moved from measured tree to measured tree, once for every merged pull request', () => {
  const merged = history.pulls.filter(({ state }) => state === 'merged');
  const [first, ...later] = history.main;
  assert.deepEqual(
    later.map(({ sha, subject, tree }) => ({ sha, subject, tree })),
    merged.map(pull => ({
      sha: pull.mergeCommit,
      subject: `${pull.title} (#${pull.number})`,
      tree: pull.headTree,
    })),
  );
  assert.equal(first?.tree, merged[0]?.marker.champion.tree);
  for (const { marker, headTree } of history.pulls) {
    assert.equal(marker.tree, headTree);
    for (const trial of marker.trials) assert.equal(trial.tree, headTree);
  }
});

test('git reads the trailers of what was merged', () => {
  assert.deepEqual(
    history.main.slice(1).map(({ trailers }) => trailers),
    [
      { 'Val-Bpb': '0.9802', Experiment: '#2', Campaign: `#${issue}`, Trials: '1/1.1' },
      { 'Val-Bpb': '0.9771', Experiment: '#4', Campaign: `#${issue}`, Trials: '1/3.1 1/3.2' },
    ],
  );
});

test('every trial has one completed check run on the commit that it measured', () => {
  const base = history.main[0]?.sha;
  const heads = history.pulls.map(({ marker }) => marker.commit);
  assert.deepEqual(
    history.checks,
    [
      ...['1/0.1', '1/0.2', '1/0.3'].map(trial => ({ trial, conclusion: 'success', headSha: base })),
      { trial: '1/1.1', conclusion: 'success', headSha: heads[0] },
      // A trial that was not better than the champion has no green tick.
      { trial: '1/2.1', conclusion: 'neutral', headSha: heads[1] },
      ...['1/3.1', '1/3.2'].map(trial => ({ trial, conclusion: 'success', headSha: heads[2] })),
      { trial: '1/4.1', conclusion: 'failure', headSha: heads[3] },
      { trial: '1/5.1', conclusion: 'neutral', headSha: heads[4] },
    ].map(check => ({ ...check, status: 'completed' })),
  );
});

test('the issue holds the command, one status comment and the report at the end, and the command was seen and started', async () => {
  assert.deepEqual(
    history.issue.map(({ author, body }) => `${author}: ${body.split('\n')[0]}`),
    [
      'bob: /research 5',
      `${BOT}: ### 🏁 Finished: 5 of 5 experiments`,
      `${BOT}: ### 🏁 val_bpb 0.9999 → 0.9771 (−0.0229, 2.3% better): 2 of 5 experiments merged`,
    ],
  );
  assert.match(
    history.issue[1]?.body ?? '',
    /Champion [0-9a-f]{7}: val_bpb \*\*0\.9771\*\* \(−0\.0229 since the start, 2 merged\)/,
  );
  assert.deepEqual((await place.reactions(asked)).sort(), ['eyes', 'rocket']);
  const { data } = await place.alice.rest.issues.get({ ...place.repo, issue_number: issue });
  assert.deepEqual(
    data.labels.map(label => (typeof label === 'string' ? label : label.name)),
    ['research'],
  );
});

test('the branches of experiments are gone, and research-log holds table and chart', async () => {
  assert.deepEqual(history.branches, ['main', 'research-log']);
  const rows = (await place.file('results.tsv', 'research-log'))?.trimEnd().split('\n') ?? [];
  assert.equal(rows[0], 'commit\tval_bpb\tmemory_gb\tstatus\tdescription');
  const commits = [
    history.main[0]?.sha,
    ...history.pulls.map(({ mergeCommit, marker }) => mergeCommit ?? marker.commit),
  ];
  assert.deepEqual(
    rows.slice(1),
    [
      '0.999948\t44.0\tkeep\tbaseline',
      '0.980243\t44.0\tkeep\tdepth 1 → 2',
      '0.995243\t44.0\tdiscard\twidth 1 → 2',
      '0.977069\t44.0\tkeep\tdecay 1 → 3',
      '\t\tcrash\trate 1 → 9',
      '0.985243\t44.0\tdiscard\tbatch 1 → 4',
    ].map((row, i) => `${commits[i]?.slice(0, 7)}\t${row}`),
  );
  assert.match((await place.file('progress.svg', 'research-log')) ?? '', /^<svg[\s\S]*<\/svg>\s*$/);
});

test('the App logged no error', () => {
  assert.deepEqual(world.errors(), []);
});

test('every link that a person can follow from the issue leads somewhere', async () => {
  const visited = await crawl(world.github.url, `/alice/model/issues/${issue}`);
  const lost = [...visited].filter(([, { status }]) => status !== 200).map(([path]) => path);
  assert.deepEqual(lost, []);
  for (const { number } of history.pulls) assert.ok(visited.has(`/alice/model/pull/${number}`));
  const runs = [...visited.keys()].filter(path => /\/actions\/runs\/\d+$/.test(path));
  assert.equal(runs.length, history.runs.length);
});
