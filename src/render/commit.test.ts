import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../campaign/marker.ts';
import { branchName } from '../campaign/model.ts';
import { experiment, trial } from '../campaign/snapshot.test-helper.ts';
import { contractSchema } from '../protocol/contract.ts';
import { candidateMessage, isCandidateFor, mergeNote, squashMessage } from './commit.ts';
import { settledTitle } from './title.ts';

const contract = contractSchema.parse({});
const { marker } = experiment(1, {
  idea: {
    title: 'warmdown 0.7 → 0.75',
    hypothesis: 'A longer warmdown helps.',
    edits: [{ path: 'trainer/train.py', search: 'A = 1', replace: 'A = 2' }],
  },
  trials: [trial('3/1.1', 'tree 1', 0.9697), trial('3/1.2', 'tree 1', 0.9697)],
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

test('the squash message ends in git trailers; the candidate message skips other workflows', () => {
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

/** The whole message of a merge, as it is in git. */
function merged(verdict: Partial<Verdict>, title = marker.idea.title): string {
  const named = { ...marker, idea: { ...marker.idea, title } };
  const all = { ...better, ...verdict };
  return `${settledTitle(named, all)} (#12)\n\n${squashMessage(contract, 12, named, all)}`;
}

test('a merge can be read back from its message', () => {
  const note = { campaign: 3, pull: 12, idea: 'warmdown 0.7 → 0.75', simpler: false };
  assert.deepEqual(mergeNote(merged({})), note);
  assert.deepEqual(mergeNote(`${merged({})}\r\n\r\nCo-authored-by: ann <ann@localhost>\n`), note);
  assert.deepEqual(mergeNote(merged({ cause: 'simpler' })), { ...note, simpler: true });
  for (const value of [1.5e-7, -0.02, 12345.6, 2e12])
    for (const championValue of [null, value * 1.001])
      assert.equal(mergeNote(merged({ value, championValue }))?.idea, note.idea, `${value} ${championValue}`);
  for (const title of ['3 layers (7)', '0.5 instead of 0.4', '(−0.0012) sign'])
    assert.equal(mergeNote(merged({}, title))?.idea, title);
});

test("people's commits and candidates are no merges, whatever they mention", () => {
  for (const message of ['', 'Fix it (#12)', 'Campaign: #3', 'x\n\nCampaign: #3', candidateMessage(marker)])
    assert.equal(mergeNote(message), null);
});
