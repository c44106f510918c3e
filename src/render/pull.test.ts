import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../campaign/marker.ts';
import { CRASH, experiment, trial } from '../campaign/snapshot.test-helper.ts';
import { contractSchema } from '../protocol/contract.ts';
import { completedCheck } from './check.ts';
import { heldComment, pullDescription, verdictComment } from './pull.ts';
import { settledTitle } from './title.ts';

const contract = contractSchema.parse({});
const trials = [trial('3/1.1', 'tree 1', 0.9697), trial('3/1.2', 'tree 1', 0.9697)];
const { marker } = experiment(1, {
  idea: {
    title: 'warmdown 0.7 → 0.75',
    hypothesis: 'A longer warmdown helps.',
    edits: [{ path: 'trainer/train.py', search: 'A = 1', replace: 'A = 2\nB = 3' }],
  },
  trials,
});
const better: Verdict = {
  kind: 'merge',
  cause: 'better',
  reason: 'Better.',
  value: 0.9697,
  championValue: 0.9709,
  championTrials: 3,
  noise: 0.0003,
  doubt: 0.002,
};

test('a title starts as the idea and ends with the result', () => {
  assert.equal(settledTitle(marker, better), '0.9697 (−0.0012) warmdown 0.7 → 0.75');
  assert.equal(settledTitle(marker, { ...better, kind: 'crash', value: null }), 'crash: warmdown 0.7 → 0.75');
  assert.equal(
    settledTitle(marker, { ...better, kind: 'stopped', value: null, championValue: null }),
    'stopped: warmdown 0.7 → 0.75',
  );
});

test('a merge is announced with its score, and the comment ends with what it rests on', () => {
  assert.equal(
    verdictComment(contract, marker, better, trials),
    [
      '✅ **Merging:** val_bpb **0.9697**, 0.0012 better than the champion (0.9709). The probability of no real gain is 0.2%.',
      'No action needed. Once merged, this is the champion that later ideas are measured against.',
      [
        '|                 | val_bpb, lower is better | trials | standard error |',
        '| :-------------- | -----------------------: | -----: | -------------: |',
        '| this idea       |                   0.9697 |      2 |        0.00021 |',
        '| champion        |                   0.9709 |      3 |        0.00017 |',
        '| difference      |                  −0.0012 |        |        0.00027 |',
        '| sd of one trial |                  0.00030 |        |                |',
      ].join('\n'),
      [
        '| trial | val_bpb | training | total | memory | machine |',
        '| :---- | ------: | -------: | ----: | -----: | :------ |',
        '| 3/1.1 |  0.9697 |    5 min | 6 min | 1.0 GB | GPU     |',
        '| 3/1.2 |  0.9697 |    5 min | 6 min | 1.0 GB | GPU     |',
      ].join('\n'),
      '<details><summary>Audit</summary>',
      [
        '- 3/1.1: Audited: 8192 predictions repeated blind, largest difference 1.0e-6 nats (standard deviation 1.0e-7 nats). A score overstated by 0.0010 would be detected with 99% probability.',
        '- 3/1.2: Audited: 8192 predictions repeated blind, largest difference 1.0e-6 nats (standard deviation 1.0e-7 nats). A score overstated by 0.0010 would be detected with 99% probability.',
      ].join('\n'),
      'On a second held-out text, which can hold a merge back but never cause one: val_bpb 0.9797.',
      '</details>',
      '<details><summary>How this was decided</summary>',
      'Better. Trials of the same code vary with a standard deviation of about 0.00030 val_bpb, learned from all trials so far. The probability that this idea improves by less than a fifth of that is 0.2%. About 10% of all merges may be like that (`gate.false_merges`). Lower is better.',
      '</details>',
      "<sub>Measured without a sandbox: nothing kept the candidate's code from faking this score.</sub>",
    ].join('\n\n'),
  );
});

test('equal scores on different seeds are named, and equal ones on one seed are not', () => {
  const on = (...seeds: number[]) => seeds.map((seed, i) => trial(`3/1.${i + 1}`, 'tree', 0.9697, { seed }));
  const said =
    /Trials 3\/1\.1, 3\/1\.2 and 3\/1\.3 ran on different seeds and scored exactly the same, so they count as one/;
  assert.match(verdictComment(contract, marker, better, on(1, 2, 3)), said);
  assert.match(heldComment(contract, better, on(1, 2, 3)), said);
  assert.doesNotMatch(verdictComment(contract, marker, better, on(1, 1, 1)), /ran on different seeds/);
});

/** The first line of a verdict's comment. */
function headlineOf(verdict: Partial<Verdict>, rules = contract, measured = trials): string {
  const [line = ''] = verdictComment(rules, marker, { ...better, ...verdict }, measured).split('\n');
  return line;
}

test('a closed idea never reads as its opposite: one that scored better says why it was not merged', () => {
  const close = { kind: 'close', reason: 'Not shown to be better.' } as const;
  assert.equal(
    headlineOf({ ...close, value: 0.98 }),
    '❌ **Not merged:** val_bpb **0.9800**, 0.0091 worse than the champion (0.9709).',
  );
  assert.equal(
    headlineOf({ ...close, noise: 0.0042 }),
    '❌ **Not merged:** val_bpb **0.9697**, 0.0012 better than the champion (0.9709), but a difference this large happens by chance between runs of the same code (sd 0.0042). Kept as a near miss.',
  );
  const greedy = contractSchema.parse({ gate: { rule: 'greedy' } });
  assert.equal(
    headlineOf(close, greedy),
    "❌ **Not merged:** val_bpb **0.9697**, 0.0012 better than the champion (0.9709), but not better than the champion's first trial, which `gate.rule: greedy` compares with. Kept as a near miss.",
  );
  const higher = contractSchema.parse({ metric: { name: 'accuracy', goal: 'maximize' } });
  assert.equal(
    headlineOf(close, higher),
    '❌ **Not merged:** accuracy **0.9697**, 0.0012 worse than the champion (0.9709).',
  );
  const stopped = [trial('3/1.1', 'tree 1', { status: 'stopped', value: 1.2, at: 0.5 })];
  assert.equal(
    headlineOf({ ...close, value: 1.2 }, contract, stopped),
    '❌ **Stopped early at 50%:** projected val_bpb **1.2000**, 0.2291 worse than the champion (0.9709). Not merged.',
  );
});

test('columns of which nothing is known are left out, and small memory is not 0.0 GB', () => {
  const bare = trial('3/1.1', 'tree 1', 0.9697, { trainingSeconds: 0, peakMemoryMb: 0 });
  const comment = verdictComment(contract, marker, better, [bare]);
  assert.match(comment, /\| trial \| val_bpb \| total \| machine \|/);
  assert.doesNotMatch(comment, /0\.0 (s|GB)/);
  const small = trial('3/1.1', 'tree 1', 0.9697, { peakMemoryMb: 41.2 });
  assert.match(verdictComment(contract, marker, better, [small]), /\| +41 MB \|/);
});

test('a score that was only projected is not set beside means', () => {
  const stopped = [trial('3/1.1', 'tree 1', { status: 'stopped', value: 0.96, at: 0.5 })];
  const comment = verdictComment(contract, marker, { ...better, kind: 'close', value: 0.96 }, stopped);
  assert.doesNotMatch(comment, /standard error/);
  assert.match(comment, /^❌ \*\*Stopped early at 50%:\*\* projected/);
});

test('a merge that the score does not explain gives its reason', () => {
  assert.equal(
    headlineOf({ cause: 'simpler', value: 0.97091, reason: 'As good as the champion, and shorter.' }),
    '✅ **Merging:** val_bpb **0.9709**, equal to the champion (0.9709). As good as the champion, and shorter.',
  );
});

test('a verdict without a score is led by its reason', () => {
  const reason = 'A person closed this pull request.';
  assert.equal(
    headlineOf({ kind: 'person', reason }),
    '⏹ **No verdict:** A person closed this pull request. Measured so far: val_bpb **0.9697**, 0.0012 better than the champion (0.9709).',
  );
  assert.equal(
    headlineOf({ kind: 'flagged', reason: 'The audit disagrees.', value: null }),
    '🚩 **Flagged:** The audit disagrees.',
  );
});

test('a crash comes with the end of its output, which cannot leave its block', () => {
  const outcome = { ...CRASH, message: '<b>no</b>', traceback: 'Traceback\n```\n# Hello @alice\n' };
  const crashed = [trial('3/1.1', 'tree 1', outcome as typeof CRASH)];
  const comment = verdictComment(contract, marker, { ...better, kind: 'crash', value: null }, crashed);
  assert.match(comment, /^💥 \*\*Crashed\*\* \(exception\): &lt;b&gt;no&lt;\/b&gt;\n/);
  assert.match(comment, /````text\nTraceback\n```\n# Hello @alice\n````/);
});

test('the description shows the change and its campaign', () => {
  const text = pullDescription(marker);
  assert.match(text, /\*\*Hypothesis\.\*\* A longer warmdown helps\./);
  assert.match(text, /```diff\n# trainer\/train\.py\n-A = 1\n\+A = 2\n\+B = 3\n```/);
  assert.match(
    text,
    /^Experiment 1 of campaign #3, proposed by `explore`, based on champion [0-9a-f]{7}\.$/m,
  );
});

test('other numbers that a program reported are shown, escaped, on the pull request and the check', () => {
  const reported = { num_steps: 953, '@everyone | <b>': 1.5e-7, lr: 0.0012 };
  const last = trial('3/1.2', 'tree 1', 0.9697, { reported });
  const rows = [
    /\| num\\_steps +\| +953 \|/,
    /\| @\u200beveryone \\\| &lt;b&gt; +\| +1\.500e-7 \|/,
    /\| lr +\| +0\.001200 \|/,
  ];
  const texts = [
    verdictComment(contract, marker, better, [trial('3/1.1', 'tree 1', 0.9697), last]),
    heldComment(contract, better, [last]),
    completedCheck(contract, last, 0.97, '').summary,
  ];
  for (const text of texts) {
    assert.match(text, /<details><summary>Other numbers that trial 3\/1\.2 reported<\/summary>/);
    for (const row of rows) assert.match(text, row);
  }
  assert.doesNotMatch(verdictComment(contract, marker, better, trials), /Other numbers/);
});
