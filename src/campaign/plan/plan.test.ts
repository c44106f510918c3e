import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLOSED, closed, planned, thought } from '../plan.test-helper.ts';
import { campaign, experiment, sha, trial } from '../snapshot.test-helper.ts';

test('commands come before anything else', () => {
  const command = {
    comment: 99,
    issue: 3,
    author: 'alice',
    permitted: true,
    command: { kind: 'command', command: { kind: 'stop' } },
  } as const;
  assert.equal(planned({ commands: [command], experiments: [experiment(1)] }), 'answer 99');
});

describe('branches', () => {
  test('one without a pull request, left by a kill, is deleted before the next idea', () => {
    const branches = new Map([['research/3/1', sha('x')]]);
    assert.equal(planned({ branches, leftovers: ['research/3/1'] }), 'clean research/3/1');
  });

  test("a person's branch with the next experiment's name makes the experiment take the name after it", () => {
    const branches = new Map([['research/3/1', sha('work of a person')]]);
    assert.equal(planned({ branches, thoughts: [thought(1, 'idea')] }), 'open 2 from thought 1');
  });

  test('that of a settled experiment is deleted when there is nothing else to do', () => {
    const branches = new Map([['research/3/1', sha('commit 1')]]);
    assert.equal(planned({ experiments: [closed(1)], branches }), 'think of an idea');
    const campaigns = [campaign({ phase: 'paused' })];
    assert.equal(planned({ campaigns, experiments: [closed(1)], branches }), 'clean research/3/1');
  });

  test('that of a settled experiment is kept while someone has an open pull request for it', () => {
    const branches = new Map([['research/3/1', sha('commit 1')]]);
    const paused = { campaigns: [campaign({ phase: 'paused' })], experiments: [closed(1)], branches };
    assert.equal(planned({ ...paused, offered: new Set(['research/3/1']) }), 'wait');
  });

  test("people's branches are left alone, whatever their names", () => {
    const branches = new Map(
      ['research/ablation', 'research/3/7', 'research/9/1', 'research/night'].map(name => [name, sha('x')]),
    );
    assert.equal(planned({ branches, campaigns: [campaign({ phase: 'paused' })] }), 'wait');
    const reused = new Map([['research/3/1', sha('work of a person')]]);
    assert.equal(
      planned({ branches: reused, campaigns: [campaign({ phase: 'paused' })], experiments: [closed(1)] }),
      'wait',
    );
  });
});

describe('a person', () => {
  test('who removes the hidden marker of a description pauses the campaign, and is told what to do', () => {
    const unreadable = [{ pull: 11, open: true, campaign: 3, number: 1 }];
    assert.match(
      planned({ unreadable }),
      /^paused: The hidden marker in the description of #11 is missing or unreadable/,
    );
    const gone = unreadable.map(found => ({ ...found, open: false }));
    assert.equal(planned({ unreadable: gone }), 'think of an idea', 'its number is not used again');
  });

  test('who changes the base gets experiments for the old base closed, not merged', () => {
    const base = { branch: 'dev', sha: sha('champion'), tree: sha('champion tree') };
    const better = [trial('3/1.1', 'tree 1', 0.9), trial('3/1.2', 'tree 1', 0.9)];
    assert.equal(planned({ base, experiments: [experiment(1, { trials: better })] }), 'superseded #11');
  });

  test('who closes a pull request before its merge decides', () => {
    const refused = experiment(1, { verdict: { ...CLOSED, kind: 'merge' } }, { state: 'closed' });
    assert.equal(planned({ experiments: [refused] }), 'person #11');
  });
});
