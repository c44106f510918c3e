import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../campaign/marker.ts';
import { branchName } from '../campaign/model.ts';
import { CRASH, experiment, trial } from '../campaign/snapshot.test-helper.ts';
import { contractSchema } from '../protocol/contract.ts';
import { candidateMessage, isCandidateFor, pullDescription, squashMessage, verdictComment } from './pull.ts';
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
  noise: 0.0003,
  doubt: 0.002,
};

test('a title begins as the idea and ends as the result', () => {
  assert.equal(settledTitle(marker, better), '0.9697 (−0.0012) warmdown 0.7 → 0.75');
  assert.equal(settledTitle(marker, { ...better, kind: 'crash', value: null }), 'crash: warmdown 0.7 → 0.75');
  assert.equal(
    settledTitle(marker, { ...better, kind: 'stopped', value: null, championValue: null }),
    'stopped: warmdown 0.7 → 0.75',
  );
});

test('the comment says the verdict first, then what to do, then the trials', () => {
  const comment = verdictComment(contract, marker, better, trials);
  assert.match(
    comment,
    /^✅ \*\*Merge:\*\* val_bpb \*\*0\.9697\*\* \(−0\.0012 against the champion's 0\.9709\)\.\n\nNothing to do/,
  );
  assert.match(comment, /\| 3\/1\.1 \| +0\.9697 \|/);
  assert.match(comment, /scatters by about 0\.0003 /);
  assert.match(
    comment,
    /Better\. One trial .* chance that this idea gains less than a fifth of that is 0\.2 %; of all merges about 10 % may/,
  );
  assert.match(comment, /Measured without a sandbox/);
});

test('a crash is told with the end of its output, which cannot leave its block', () => {
  const bad = [
    trial('3/1.1', 'tree 1', { ...CRASH, traceback: 'Traceback\n```\n# Hello @alice' } as typeof CRASH),
  ];
  const comment = verdictComment(
    contract,
    marker,
    { ...better, kind: 'crash', reason: 'It crashed (exception): <b>no</b>', value: null },
    bad,
  );
  assert.match(comment, /^💥 \*\*Crash:\*\* It crashed \(exception\): &lt;b&gt;no&lt;\/b&gt;/);
  assert.match(comment, /````text\nTraceback\n```\n# Hello @alice\n````/);
});

test('the description shows the change and where it belongs', () => {
  const text = pullDescription(marker);
  assert.match(text, /\*\*Hypothesis\.\*\* A longer warmdown helps\./);
  assert.match(text, /```diff\n# trainer\/train\.py\n-A = 1\n\+A = 2\n\+B = 3\n```/);
  assert.match(text, /campaign #3, proposed by `explore`/);
});

test('the squash message ends in git trailers, the candidate message keeps other workflows off', () => {
  assert.equal(
    squashMessage(contract, 12, marker, better),
    'A longer warmdown helps.\n\nVal-Bpb: 0.9697\nExperiment: #12\nCampaign: #3\nTrials: 3/1.1 3/1.2',
  );
  assert.doesNotMatch(
    squashMessage(contract, 12, { ...marker, idea: { ...marker.idea, hypothesis: 'x [skip ci]' } }, better),
    /\[skip ci\]/,
  );
  const message = candidateMessage(marker);
  assert.match(message, /\n\n\[skip ci\]$/);
  const branch = branchName(marker.campaign, marker.number);
  assert.deepEqual(
    [
      isCandidateFor(branch, `${message}\n`),
      isCandidateFor(`${branch}1`, message),
      isCandidateFor(branch, 'x [skip ci]'),
    ],
    [true, false, false],
  );
});
