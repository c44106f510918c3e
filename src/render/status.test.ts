import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../campaign/marker.ts';
import type { Experiment } from '../campaign/model.ts';
import { campaign, experiment, FAULT, sha, snapshot, trial } from '../campaign/snapshot.test-helper.ts';
import { statusComment } from './status.ts';

test('merges for shorter code are counted separately', () => {
  const verdict = (cause: 'better' | 'simpler') =>
    ({ kind: 'merge', cause, reason: '', value: 0.99, championValue: 1, noise: 0.002, doubt: 0.02 }) as const;
  const merged = (n: number, cause: 'better' | 'simpler') =>
    experiment(
      n,
      { verdict: verdict(cause), trials: [trial(`3/${n}.1`, `tree ${n}`, 0.99)] },
      { state: 'merged' },
    );
  const there = campaign();
  const shown = snapshot({
    base: { branch: 'main', sha: sha('new'), tree: sha('tree 2') },
    campaigns: [there],
    experiments: [merged(1, 'better'), merged(2, 'simpler')],
  });
  const text = there.state ? statusComment(shown, there, there.state) : '';
  assert.match(text, /\(−0\.0100 since the start, 2 merged, 1 of them for shorter code\)/);
});

test('an idea that scored better and was closed is a near miss, unless its score was only projected', () => {
  const closed = (n: number, value: number, outcome: Parameters<typeof trial>[2]) => {
    const verdict = {
      kind: 'close',
      cause: null,
      reason: '',
      value,
      championValue: 1,
      noise: 0.1,
      doubt: 0.9,
    };
    const trials = [trial(`3/${n}.1`, `tree ${n}`, outcome)];
    return experiment(n, { verdict: verdict as Verdict, trials }, { state: 'closed' });
  };
  const there = campaign();
  const experiments = [
    closed(1, 0.99, 0.99),
    closed(2, 1.01, 1.01),
    closed(3, 0.98, { status: 'stopped', value: 0.98, at: 0.5 }),
  ];
  const text = there.state
    ? statusComment(snapshot({ campaigns: [there], experiments }), there, there.state)
    : '';
  const results = [3, 2, 1].map(
    n => new RegExp(`^\\| +${n} \\|.*\\| (\\S+ [a-z ]+?) +\\| `, 'm').exec(text)?.[1],
  );
  assert.deepEqual(results, ['✂️ stopped early', '❌ worse', '🟡 near miss']);
});

/** The status of a campaign on #3 with these experiments. */
function statusOf(state: Parameters<typeof campaign>[0], experiments: ReturnType<typeof experiment>[] = []) {
  const there = campaign(state);
  return there.state
    ? statusComment(snapshot({ campaigns: [there], experiments }), there, there.state)
    : assert.fail();
}

test('options that stay from an earlier command are named', () => {
  assert.match(
    statusOf({ parallel: 2, budgetSeconds: 600, agent: 'g`pt' }),
    /Options of this campaign: 2 trials in parallel, 10 min per trial, agent `g'pt`\./,
  );
  assert.doesNotMatch(statusOf({}), /Options/);
});

test('the chart and the results are shown and linked once there is something on them', () => {
  const closed = {
    kind: 'close',
    cause: null,
    reason: '',
    value: 1,
    championValue: 1,
    noise: 0.1,
    doubt: 0.9,
  };
  const text = statusOf({}, [experiment(1, { verdict: closed as Verdict }, { state: 'closed' })]);
  const page = 'https://github.test/alice/gpt';
  assert.ok(text.includes(`](${page}/raw/research-log/progress.svg?experiments=1)`), text);
  assert.ok(text.includes(`[\`results.tsv\`](${page}/blob/research-log/results.tsv)`), text);
  assert.doesNotMatch(statusOf({}, [experiment(1)]), /progress\.svg/);
});

test('an experiment that ended without being judged is not called closed', () => {
  const kinds = ['person', 'stopped', 'superseded', 'unmeasurable', 'flagged'] as const;
  const numbers = { cause: null, reason: '', value: null, championValue: null, noise: null, doubt: null };
  const text = statusOf(
    {},
    kinds.map((kind, i) => experiment(i + 1, { verdict: { kind, ...numbers } }, { state: 'closed' })),
  );
  for (const word of ['closed by a person', 'not judged', 'superseded', 'not measured', 'flagged'])
    assert.ok(text.includes(`${word} `), word);
  assert.doesNotMatch(text, /❌ closed/);
});

test('every failed proposal is shown with its reason', () => {
  const reason = 'gpt timed out: it sent nothing for 300 s';
  const text = (more: object) => {
    const there = campaign({ failedProposals: ['the key was rejected', reason], ...more });
    return there.state ? statusComment(snapshot({ campaigns: [there] }), there, there.state) : '';
  };
  const running = text({ failedInARow: 2 });
  assert.match(
    running,
    /\*\*The last proposal failed:\*\* `gpt timed out.*`\. 2 proposals in a row failed; the campaign pauses after 5\./,
  );
  assert.match(
    running,
    /<summary>Why proposals failed<\/summary>\n\n- `the key was rejected`\n- `gpt timed out/,
  );
  assert.doesNotMatch(text({ failedInARow: 0 }), /last proposal failed/);
  assert.doesNotMatch(text({ failedInARow: 0, failedProposals: [] }), /failed/);
});

test('a machine error is told while its trial is repeated, and no longer', () => {
  const fault = (id: string, runId: number) => trial(id, 'champion tree', FAULT, { runId });
  const told = (state: Parameters<typeof campaign>[0], experiments: Experiment[] = []) => {
    const one = campaign(state);
    return statusComment(snapshot({ campaigns: [one], experiments }), one, one.state ?? assert.fail());
  };
  const first = { baselines: [fault('3/0.1', 5)] };
  assert.match(
    told(first),
    /\*\*Machine error\*\* in trial 3\/0\.1: `The runner was unplugged\.`\. It is repeated, at most twice\./,
  );
  const later = trial('3/0.2', 'champion tree', 1, { runId: 6 });
  assert.doesNotMatch(told({ baselines: [fault('3/0.1', 5), later] }), /Machine error/);
  const idea = experiment(1, { trials: [fault('3/1.1', 9)] });
  assert.match(told({ baselines: [later] }, [idea]), /Machine error\*\* in trial 3\/1\.1/);
  assert.doesNotMatch(told({ ...first, phase: 'paused', reason: 'Three.' }), /Machine error/);
});
