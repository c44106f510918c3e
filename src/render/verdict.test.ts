import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CRASH, trial } from '../campaign/snapshot.test-helper.ts';
import { completedCheck } from './check.ts';
import { settledTitle } from './title.ts';
import { CHAMPION, endingsOf, judged, trialsOf, VERDICTS } from './verdict.test-helper.ts';
import { heldComment, verdictComment } from './verdict.ts';

const better = judged();
const { marker } = better.experiment;

test('a title starts as the idea and ends with the result', () => {
  const { verdict } = better;
  assert.equal(settledTitle(marker, verdict), '0.9697 (−0.0012) warmdown 0.7 → 0.75');
  assert.equal(
    settledTitle(marker, { ...verdict, kind: 'crash', value: null }),
    'crash: warmdown 0.7 → 0.75',
  );
  assert.equal(
    settledTitle(marker, { ...verdict, kind: 'stopped', value: null, championValue: null }),
    'stopped: warmdown 0.7 → 0.75',
  );
});

test('a merge is announced with its score and its odds, and the comment ends with what it rests on', () => {
  assert.equal(
    verdictComment(better),
    [
      '✅ **Merging:** val_bpb **0.9697**, 0.0012 better than the champion (0.9709).',
      '**Odds of a real gain:** about 500 to 1. Before its first trial they were about 1 to 9: about one idea in ten helps.',
      'No action needed. Once merged, this is the champion that later ideas are measured against.',
      [
        '```text',
        'this idea o      o',
        '          ├───┼──┤',
        'champion                     o    o    o',
        '                               ├──┼──┤',
        '          0.9695                  0.9712',
        '```',
      ].join('\n'),
      '<sub>o is a trial; ├┼┤ is the mean ± its standard error. Better is to the left.</sub>',
      [
        '|                 | val_bpb, lower is better | trials | standard error |',
        '| :-------------- | -----------------------: | -----: | -------------: |',
        '| this idea       |                   0.9697 |      2 |        0.00021 |',
        '| champion        |                   0.9709 |      3 |        0.00017 |',
        '| difference      |                  −0.0012 |        |        0.00027 |',
        '| sd of one trial |                  0.00030 |        |                |',
      ].join('\n'),
      '<details><summary>Trials: 2 of this idea, 3 of the champion</summary>',
      [
        '| trial            | val_bpb | training | total | memory | machine |',
        '| :--------------- | ------: | -------: | ----: | -----: | :------ |',
        '| 3/1.1            |  0.9695 |    5 min | 6 min | 1.0 GB | GPU     |',
        '| 3/1.2            |  0.9699 |    5 min | 6 min | 1.0 GB | GPU     |',
        '| 3/0.1 (champion) |  0.9709 |    5 min | 6 min | 1.0 GB | GPU     |',
        '| 3/0.2 (champion) |  0.9712 |    5 min | 6 min | 1.0 GB | GPU     |',
        '| 3/0.3 (champion) |  0.9706 |    5 min | 6 min | 1.0 GB | GPU     |',
      ].join('\n'),
      '</details>',
      '<details><summary>Audit</summary>',
      [
        '- 3/1.1: Audited: 8192 predictions repeated blind, largest difference 1.0e-6 nats (standard deviation 1.0e-7 nats). A score overstated by 0.0010 would be detected with 99% probability.',
        '- 3/1.2: Audited: 8192 predictions repeated blind, largest difference 1.0e-6 nats (standard deviation 1.0e-7 nats). A score overstated by 0.0010 would be detected with 99% probability.',
      ].join('\n'),
      'On a second held-out text, which can hold a merge back but never cause one: val_bpb 0.9797.',
      '</details>',
      '<details><summary>How this was decided</summary>',
      "Better than the champion. Trials of the same code vary with a standard deviation of about 0.00030 val_bpb, learned from all trials so far. A real gain is at least a fifth of that (6.0e-5). The probability that this idea has none is 0.2%, from its trials, the champion's, and how many ideas helped so far. About 10% of all merges may be without one (`gate.false_merges`). Lower is better.",
      '</details>',
      "<sub>Measured without a sandbox: nothing kept the candidate's code from faking this score.</sub>",
    ].join('\n\n'),
  );
});

/** The outcome and, where they are given, the odds. */
function leadOf(name: string): string {
  const parts = verdictComment(VERDICTS[name] ?? better).split('\n\n');
  return parts.filter((part, i) => i === 0 || part.startsWith('**Odds')).join(' ');
}

test('every ending says what happened and why, and never reads as another', () => {
  const leads = Object.fromEntries(Object.keys(VERDICTS).map(name => [name, leadOf(name)]));
  const before = 'Before its first trial they were about 1 to 9: about one idea in ten helps.';
  const stacked = 'Before its first trial they were about 2 to 3, from the scores of its parts.';
  const nearMiss =
    '🟡 **Near miss, not merged:** val_bpb **0.9707**, 0.0002 better than the champion (0.9709), but not proven: a difference this large happens by chance between runs of the same code (sd 0.00030).';
  assert.deepEqual(leads, {
    improvement: `✅ **Merging:** val_bpb **0.9697**, 0.0012 better than the champion (0.9709). **Odds of a real gain:** about 500 to 1. ${before}`,
    'improvement on a champion that drifted': `✅ **Merging:** val_bpb **0.9712**, 0.0003 worse than the champion (0.9709). The champion's own trials were lucky, or its score has drifted: by all trials since, it is worse than they say. **Odds of a real gain:** about 500 to 1. ${before}`,
    'merged stack': `✅ **Merging a stack of 3:** val_bpb **0.9697**, 0.0012 better than the champion (0.9709). **Odds of a real gain:** about 500 to 1. ${stacked}`,
    simplification:
      '✅ **Merging as a simplification:** val_bpb **0.9709**, equal to the champion (0.9709). As good as the champion, with less code.',
    kept: `✅ **Merging on request:** val_bpb **0.9720**, 0.0011 worse than the champion (0.9709). Kept by ann. The gate would have closed it. **Odds of a real gain:** about 1 to 99. ${before}`,
    'near miss': `${nearMiss} **Odds of a real gain:** about 2 to 3. ${before} Merging takes better odds or a larger gain.`,
    'closed stack': `${nearMiss} **Odds of a real gain:** about 4 to 5. ${stacked} Merging takes better odds or a larger gain.`,
    'too close': `❌ **Too close to tell, not merged:** val_bpb **0.9710**, 0.0001 worse than the champion (0.9709), which is less than the trials can tell apart. **Odds of a real gain:** about 1 to 12. ${before}`,
    worse: '❌ **Worse, not merged:** val_bpb **0.9800**, 0.0091 worse than the champion (0.9709).',
    'stopped early':
      '✂️ **Stopped early at 60%, not merged:** projected val_bpb **1.2000**, 0.2291 worse than the champion (0.9709), too far behind to be worth the rest of its trial.',
    crash: '💥 **Crashed** (exception): ValueError: no',
    flagged: '🚩 **Flagged:** The audit of trial 3/1.1 disagrees with its score: 7 predictions differ.',
    unmeasured: '⚠️ **Could not be measured:** 3 trials failed with a machine error.',
    superseded: '⏹ **Superseded:** The champion changed 3 times while this experiment was being measured.',
    'not judged':
      '⏹ **Not judged:** The campaign ended before this experiment had a verdict. Measured so far: val_bpb **0.9699**.',
    'by a person': '⏹ **No verdict:** Discarded by ann.',
  });
});

test('an ending is named after what happened, and stacks end like single ideas', () => {
  const same: Record<string, string> = {
    'improvement on a champion that drifted': 'improvement',
    'merged stack': 'improvement',
    'closed stack': 'near miss',
  };
  for (const [name, ending] of Object.entries(endingsOf())) assert.equal(ending, same[name] ?? name);
});

test('what becomes of a stack is said of its parts, and a near miss learns that it is kept', () => {
  const said = (name: string) => verdictComment(VERDICTS[name] ?? better);
  assert.match(said('merged stack'), /Its parts \(#4, #7, #9\) are labelled `research:stacked`\./);
  assert.match(said('closed stack'), /Its parts \(#4, #7, #9\) are not stacked again by themselves\./);
  assert.match(
    said('near miss'),
    /Near misses are kept, and tried together when they may add up to a gain\./,
  );
});

/** The first line of a verdict's comment. */
function headlineOf(...parts: Parameters<typeof judged>): string {
  return verdictComment(judged(...parts)).split('\n')[0] ?? '';
}

const CLOSED = { kind: 'close', cause: null, reason: 'Did not score better than the champion.' } as const;

test('a higher score is better where the contract says so, in words and in the plot', () => {
  const contract = { metric: { name: 'accuracy', goal: 'maximize' } };
  const higher = { contract, verdict: CLOSED };
  assert.equal(
    headlineOf(higher),
    '❌ **Worse, not merged:** accuracy **0.9697**, 0.0012 worse than the champion (0.9709).',
  );
  assert.match(headlineOf({ ...higher, trials: trialsOf(0.9711) }), /^🟡 \*\*Near miss.* 0\.0002 better/);
  const comment = verdictComment(judged(higher));
  assert.match(comment, /Better is to the right\./);
  assert.match(comment, /accuracy, higher is better/);
});

test('scores that look the same are not called different', () => {
  const lead = (value: number) => headlineOf({ trials: trialsOf(value), verdict: CLOSED });
  assert.equal(
    lead(0.9709),
    '❌ **No difference, not merged:** val_bpb **0.9709**, equal to the champion (0.9709).',
  );
  assert.equal(
    lead(0.97089),
    '🟡 **Near miss, not merged:** val_bpb **0.9709**, equal to the champion (0.9709) to the last digit shown, so not proven.',
  );
});

test('with the greedy rule, a near miss is explained by it, and there are no odds', () => {
  const comment = verdictComment(judged({ contract: { gate: { rule: 'greedy' } }, verdict: CLOSED }));
  assert.match(
    comment,
    /^🟡 \*\*Near miss, not merged:\*\* .*, but not better than the champion's first trial, which `gate\.rule: greedy` compares with\./,
  );
  assert.doesNotMatch(comment, /Odds of/);
});

test('a projection that looks better than the champion says why it was stopped all the same', () => {
  const trials = [trial('3/1.1', 'tree 1', { status: 'stopped', value: 0.97, at: 0.5 })];
  assert.match(
    headlineOf({ trials, verdict: { ...CLOSED, value: 0.97 } }),
    /^✂️ \*\*Stopped early at 50%, not merged:\*\* projected val_bpb \*\*0\.9700\*\*, 0\.0009 better than the champion \(0\.9709\), but projections are so uncertain/,
  );
});

test('without the champion’s trials, as in older verdicts, the comment has the means alone', () => {
  const { compared: _, prior: __, ...verdict } = better.verdict;
  const comment = verdictComment({ ...better, champion: [], verdict: { ...verdict, championTrials: 3 } });
  assert.doesNotMatch(comment, /```text|Before its first trial|\(champion\)/);
  assert.match(comment, /\*\*Odds of a real gain:\*\* about 500 to 1\.\n/);
  assert.match(comment, /\| champion +\| +0\.9709 \| +3 \| +0\.00017 \|/);
});

test('a mean is over the trials that were compared, which may be fewer than there are', () => {
  const trials = trialsOf(0.9695, 0.9699, 0.5);
  const verdict = { value: 0.9697, compared: { candidate: ['3/1.1', '3/1.2'], champion: ['3/0.1'] } };
  const comment = verdictComment({ ...judged({ trials, verdict }), champion: CHAMPION.slice(0, 1) });
  assert.match(comment, /\| this idea +\| +0\.9697 \| +2 \|/);
  assert.match(comment, /\n {10}0\.9695 +0\.97\d\d\n/, 'the third trial is not in the plot');
});

test('equal scores on different seeds are named, and equal ones on one seed are not', () => {
  const on = (...seeds: number[]) =>
    judged({ trials: seeds.map((seed, i) => trial(`3/1.${i + 1}`, 'tree', 0.9697, { seed })) });
  const said =
    /Trials 3\/1\.1, 3\/1\.2 and 3\/1\.3 ran on different seeds and scored exactly the same, so they count as one/;
  assert.match(verdictComment(on(1, 2, 3)), said);
  assert.match(heldComment(on(1, 2, 3)), said);
  assert.doesNotMatch(verdictComment(on(1, 1, 1)), /ran on different seeds/);
});

test('columns without content are left out, and small memory is not 0.0 GB', () => {
  const bare = judged({
    trials: [trial('3/1.1', 'tree 1', 0.9697, { trainingSeconds: 0, peakMemoryMb: 0 })],
  });
  const comment = verdictComment({ ...bare, champion: [] });
  assert.match(comment, /\| trial \| val_bpb \| total \| machine \|/);
  assert.doesNotMatch(comment, /0\.0 (s|GB)/);
  const small = judged({ trials: [trial('3/1.1', 'tree 1', 0.9697, { peakMemoryMb: 41.2 })] });
  assert.match(verdictComment(small), /\| +41 MB \|/);
});

test('a score that was only projected is not set beside means', () => {
  const comment = verdictComment(VERDICTS['stopped early'] ?? better);
  assert.doesNotMatch(comment, /standard error|```text/);
});

test('a crash comes with the end of its output, which cannot leave its block', () => {
  const outcome = { ...CRASH, message: '<b>no</b>', traceback: 'Traceback\n```\n# Hello @alice\n' };
  const crashed = (of: object) =>
    verdictComment(
      judged({
        trials: [trial('3/1.1', 'tree 1', of as typeof CRASH)],
        verdict: { kind: 'crash', value: null },
      }),
    );
  assert.match(crashed(outcome), /^💥 \*\*Crashed\*\* \(exception\): &lt;b&gt;no&lt;\/b&gt;\n/);
  assert.match(crashed(outcome), /````text\nTraceback\n```\n# Hello @alice\n````/);
  assert.match(crashed(outcome), /The agent is shown the end of the output below\./);
  assert.doesNotMatch(crashed({ ...outcome, traceback: '' }), /output below/);
});

test('a merge by hand is not offered another try', () => {
  const byHand = VERDICTS['by a person'] ?? better;
  const merged = { ...byHand, experiment: { ...byHand.experiment, state: 'merged' } } as const;
  assert.match(verdictComment(byHand), /To try it again, comment `\/research rerun` here\./);
  assert.doesNotMatch(verdictComment(merged), /rerun/);
});

test('a held result leads with its numbers and odds, then says what to decide', () => {
  const [headline, odds, decide] = heldComment(
    judged({
      trials: trialsOf(0.8),
      verdict: { kind: 'flagged', cause: null, reason: 'Too good.', doubt: 1e-6 },
    }),
  ).split('\n\n');
  assert.equal(
    headline,
    '✋ **Held for review:** val_bpb **0.8000**, 0.1709 better than the champion (0.9709). Too good.',
  );
  assert.match(odds ?? '', /^\*\*Odds of a real gain:\*\* over 999 to 1\. /);
  assert.match(decide ?? '', /`\/research keep` to merge it/);
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
    verdictComment(judged({ trials: [trial('3/1.1', 'tree 1', 0.9697), last] })),
    heldComment(judged({ trials: [last] })),
    completedCheck(better.contract, last, 0.97, '').summary,
  ];
  for (const text of texts) {
    assert.match(text, /<details><summary>Other numbers that trial 3\/1\.2 reported<\/summary>/);
    for (const row of rows) assert.match(text, row);
  }
  assert.doesNotMatch(verdictComment(better), /Other numbers/);
});
