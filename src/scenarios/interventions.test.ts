import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { replyKey } from '../github/replies.ts';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { markerOf, statusComments } from '../sim/invariants/read.ts';
import { SETTINGS, WORKFLOW } from '../sim/landscape.ts';
import { cancelRun, dispatchRun, rerun } from '../sim/model/actions.ts';
import {
  changeIssue,
  changePull,
  deleteComment,
  editComment,
  openIssue,
  openPull,
} from '../sim/model/issues.ts';
import { mergePull } from '../sim/model/merge.ts';
import { deleteBranch, setBranch } from '../sim/model/refs.ts';
import { Refusal } from '../sim/model/refusal.ts';
import { tipOf } from '../sim/model/state.ts';
import { answerTo, phaseOf, pullOf, saidOn, statusOf, workOn } from '../sim/page.test-helper.ts';
import { campaignScene, measureChampion, push, type Scene } from '../sim/scene.test-helper.ts';

/** What people may do to a running campaign, as docs/people.md has it: its rows are the names of these stories. */
const INTERVENTIONS: Record<string, () => Promise<void>> = {
  'pushes to the base branch': async () => {
    const scene = await running();
    scene.measure('1/1.1', 0.9);
    push(scene, 'main', 'README.md', 'New.\n');
    await workOn(scene);
    const tip = tipOf(scene.model, 'main') ?? '';
    assert.match(
      statusOf(scene),
      new RegExp(`\`main\` moved to ${tip.slice(0, 7)}, which has not been measured yet`),
    );
    assert.equal(lastRun(scene)?.inputs.candidate, tip);
    assert.equal(pullOf(scene, 1).state, 'open');
    await remeasure(scene);
    assert.equal(markerOf(pullOf(scene, 1))?.champion.sha, tip, 'made again on what was pushed');
  },

  'merges an experiment': async () => {
    const scene = await running(2);
    const { number, headSha, title } = pullOf(scene, 1);
    mergePull(scene.model, 'alice', number, { sha: headSha, message: title });
    await workOn(scene);
    assert.match(
      saidOn(scene, number, 'verdict'),
      /A person merged this pull request before it had a verdict/,
    );
    assert.match(statusOf(scene), /moved to [0-9a-f]{7}, which has not been measured yet/);
  },

  'closes an experiment': async () => {
    const scene = await running(2);
    changePull(scene.model, 'alice', pullOf(scene, 1).number, { state: 'closed' });
    await workOn(scene);
    const { number, branch } = pullOf(scene, 1);
    assert.match(
      saidOn(scene, number, 'verdict'),
      /A person closed this pull request before it had a verdict/,
    );
    assert.equal(tipOf(scene.model, branch), undefined);
    assert.equal(pullOf(scene, 2).state, 'open', 'the campaign goes on');
  },

  'reopens a closed experiment': async () => {
    const unjudged = await running(2);
    changePull(unjudged.model, 'alice', pullOf(unjudged, 1).number, { state: 'closed' });
    await workOn(unjudged);
    const opened = pullOf(unjudged, 1);
    setBranch(unjudged.model, 'alice', opened.branch, opened.headSha);
    changePull(unjudged.model, 'alice', opened.number, { state: 'open' });
    unjudged.measure('1/1.1', 0.5);
    await workOn(unjudged);
    assert.equal(pullOf(unjudged, 1).state, 'merged', 'nobody had judged it');
    const scene = await running(2);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    const { number, branch, headSha } = pullOf(scene, 1);
    setBranch(scene.model, 'alice', branch, headSha);
    changePull(scene.model, 'alice', number, { state: 'open' });
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'closed');
    assert.match(saidOn(scene, number, 'verdict'), /Worse, not merged:/);
  },

  'opens a pull request of their own from a settled experiment’s branch': async () => {
    const scene = await running(2);
    const { branch, headSha } = pullOf(scene, 1);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    setBranch(scene.model, 'alice', branch, headSha);
    const texts = { title: 'Mine', body: 'I like it.', base: 'main' };
    const mine = openPull(scene.model, 'alice', { ...texts, branch });
    await workOn(scene);
    assert.equal(scene.model.pulls.get(mine)?.state, 'open');
    scene.say('/research pause');
    await workOn(scene);
    scene.pass(120);
    assert.deepEqual(await scene.work(), [], 'nothing is left to be done');
    assert.equal(tipOf(scene.model, branch), headSha);
  },

  'pushes to an experiment’s branch': async () => {
    const scene = await running();
    const { number, branch, headSha } = pullOf(scene, 1);
    push(scene, branch, SETTINGS, 'by hand\n');
    scene.measure('1/1.1', 0.9);
    await workOn(scene);
    assert.match(
      statusOf(scene),
      new RegExp(`Someone pushed to #${number},.* Restore commit ${headSha.slice(0, 7)}`),
    );
    setBranch(scene.model, 'alice', branch, headSha);
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
  },

  'deletes an experiment’s branch': async () => {
    const scene = await running();
    const { number, branch } = pullOf(scene, 1);
    deleteBranch(scene.model, 'alice', branch);
    await workOn(scene);
    assert.match(saidOn(scene, number, 'verdict'), /A person closed this pull request/);
  },

  'points an experiment at another base branch': async () => {
    const scene = await running();
    const { number } = pullOf(scene, 1);
    setBranch(scene.model, 'alice', 'other', tipOf(scene.model, 'main') ?? '');
    changePull(scene.model, 'alice', number, { base: 'other' });
    scene.measure('1/1.1', 0.9);
    await workOn(scene);
    assert.match(saidOn(scene, number, 'verdict'), /made for branch other/);
    assert.equal(pullOf(scene, 1).state, 'closed');
  },

  'edits an experiment’s title or description': async () => {
    const scene = await running();
    const { number, body } = pullOf(scene, 1);
    changePull(scene.model, 'alice', number, { title: 'Mine', body: `A note.\n\n${body}` });
    scene.measure('1/1.1', 0.9);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
    assert.match(pullOf(scene, 1).title, /^0\.9/);
  },

  'removes the hidden part of a description': async () => {
    const scene = await running();
    const { number, body } = pullOf(scene, 1);
    changePull(scene.model, 'alice', number, { body: 'Tidied up.' });
    const asked = scene.sayOn(number, '/research keep');
    await workOn(scene);
    assert.match(
      statusOf(scene),
      new RegExp(`The hidden marker in the description of #${number} is missing`),
    );
    assert.match(
      answerTo(scene, asked) ?? '',
      /hidden marker .* is missing or unreadable.*Restore an earlier version/,
    );
    changePull(scene.model, 'alice', number, { body });
    scene.measure('1/1.1', 0.9);
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
  },

  'removes the label from an experiment': async () => {
    const scene = await running();
    changePull(scene.model, 'alice', pullOf(scene, 1).number, { labels: ['mine'] });
    await workOn(scene);
    assert.deepEqual(pullOf(scene, 1).labels, ['mine', 'research']);
  },

  'removes the label from the campaign’s issue': async () => {
    for (const restarted of [false, true]) {
      const scene = campaignScene(1);
      await scene.work();
      changeIssue(scene.model, 'alice', scene.issue, { labels: [] });
      if (restarted) scene.restart();
      await workOn(scene);
      assert.deepEqual(scene.model.issues.get(scene.issue)?.labels, ['research']);
      assert.match(saidOn(scene, scene.issue, 'label removed'), /Restored the label `research`/);
    }
  },

  'deletes the status comment': async () => {
    const scene = await running();
    deleteComment(scene.model, 'alice', statusComments(scene.model, scene.issue)[0]?.comment.id ?? 0);
    await workOn(scene);
    assert.match(saidOn(scene, scene.issue, 'state lost'), /so this campaign is paused.*`\/research N`/);
    scene.measure('1/1.1', 0.9);
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'open', 'nothing is merged meanwhile');
    scene.say('/research 1');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
  },

  'edits what the status comment shows': async () => {
    const scene = await running();
    await workOn(scene);
    const before = statusOf(scene);
    const { id } = statusComments(scene.model, scene.issue)[0]?.comment ?? assert.fail();
    editComment(scene.model, 'alice', id, before.replace('Running', 'Ruined'));
    await workOn(scene);
    assert.equal(statusOf(scene), before);
  },

  'deletes a command or an answer': async () => {
    const scene = campaignScene(2);
    await scene.work();
    for (const comment of scene.model.comments.values())
      if (comment.author === 'alice') deleteComment(scene.model, 'alice', comment.id);
    scene.restart();
    await workOn(scene);
    assert.equal(phaseOf(scene), 'running');
    assert.match(statusOf(scene), /of 2 experiments/);
  },

  'edits a comment into a command': async () => {
    const scene = await running();
    const comment = scene.say('Nice.');
    scene.pass(90);
    editComment(scene.model, 'alice', comment, '/research stop');
    await workOn(scene);
    assert.equal(phaseOf(scene), 'running');
    assert.ok(!scene.model.comments.values().some(({ body }) => replyKey(body) === comment));
  },

  're-runs a trial’s workflow': async () => {
    const scene = await running();
    const first = scene.model.runs.values().find(({ title }) => title === '1/0.1');
    rerun(scene.model, 'alice', first?.id ?? 0);
    scene.measure('1/0.1', 5);
    await workOn(scene);
    assert.match(
      saidOn(scene, scene.issue, `run again ${first?.id}`),
      /1\/0\.1 was run again.*first result counts/,
    );
    assert.match(statusOf(scene), /loss \*\*1\.0+\*\*/);
    const { id } = lastRun(scene) ?? assert.fail();
    scene.measure('1/1.1', 1.05);
    rerun(scene.model, 'alice', id);
    scene.measure('1/1.1', 0.5);
    await workOn(scene);
    assert.equal(markerOf(pullOf(scene, 1))?.verdict?.value, 1.05, 'also where it was not recorded yet');
  },

  'cancels a run': async () => {
    const scene = await running();
    cancelRun(scene.model, 'alice', lastRun(scene)?.id ?? 0);
    await workOn(scene);
    const check = scene.model.checks.values().find(({ externalId }) => externalId === '1/1.1');
    assert.deepEqual([check?.completed, check?.conclusion], [true, 'neutral']);
    assert.equal(lastRun(scene)?.title, '1/1.2', 'it is measured again');
  },

  'starts the workflow by hand': async () => {
    const scene = await running();
    const inputs = { ...lastRun(scene)?.inputs, trial: '1/1.2' };
    dispatchRun(scene.model, 'alice', WORKFLOW, 'main', inputs);
    scene.measure('1/1.2', 0.5);
    scene.measure('1/1.1', 1.05);
    await workOn(scene);
    assert.equal(markerOf(pullOf(scene, 1))?.verdict?.value, 1.05);
  },

  'uninstalls the App, and reinstalls it': async () => {
    const scene = await running();
    scene.line = async () => {
      throw new Refusal(403, 'This installation has been suspended');
    };
    for (let i = 0; i < 10; i++) await assert.rejects(scene.look());
    scene.measure('1/1.1', 0.9);
    scene.line = async (_call, _what, effect) => effect();
    scene.restart();
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
    assert.match(statusOf(scene), /Finished: 1 of 1 experiments/);
  },

  'protects the base branch so that it refuses the merge': async () => {
    const scene = await running();
    scene.model.rule = 'At least 1 approving review is required.';
    scene.measure('1/1.1', 0.9);
    await workOn(scene);
    const { number } = pullOf(scene, 1);
    assert.match(
      statusOf(scene),
      new RegExp(
        `GitHub refused to merge #${number}: \`At least 1 approving review is required\\.\`.*resume`,
      ),
    );
    scene.model.rule = null;
    scene.say('/research resume');
    await workOn(scene);
    assert.equal(pullOf(scene, 1).state, 'merged');
  },

  'opens a second campaign': async () => {
    const scene = await running();
    const other = openIssue(scene.model, 'alice');
    scene.sayOn(other, '/research 1');
    await workOn(scene);
    const status = () => statusComments(scene.model, other)[0]?.comment.body ?? '';
    assert.match(status(), new RegExp(`Queued behind #${scene.issue}: one campaign runs at a time\\.`));
    scene.measure('1/1.1', 0.9);
    await workOn(scene);
    assert.doesNotMatch(status(), /Queued behind/, 'its turn has come');
  },

  'closes the campaign’s issue': async () => {
    for (const restarted of [false, true]) {
      const scene = campaignScene(1);
      await scene.work();
      changeIssue(scene.model, 'alice', scene.issue, { open: false });
      if (restarted) scene.restart();
      await workOn(scene);
      assert.match(statusOf(scene), /Stopped: 0 of 1 experiments[\s\S]*The issue was closed\./);
      assert.equal(lastRun(scene)?.conclusion, 'cancelled');
    }
  },

  'deletes the campaign’s issue': async () => {
    const scene = await running();
    const { number } = pullOf(scene, 1);
    scene.model.issues.delete(scene.issue);
    scene.line = async (call, what, effect) => {
      if (call === 'issue' && what === `#${scene.issue}`) throw new Refusal(410, 'This issue was deleted');
      return effect();
    };
    const other = openIssue(scene.model, 'alice');
    scene.sayOn(other, '/research 1');
    await workOn(scene);
    assert.equal(statusComments(scene.model, other)[0]?.state.phase, 'running', 'the next one has its turn');
    assert.equal(pullOf(scene, 1).state, 'open');
    changePull(scene.model, 'alice', number, { state: 'closed' });
    await workOn(scene);
    assert.match(
      saidOn(scene, number, 'verdict'),
      /A person closed this pull request before it had a verdict/,
    );
  },

  'breaks the contract': async () => {
    const scene = await running();
    push(scene, 'main', CONTRACT_PATH, 'editable: 7\n');
    await workOn(scene);
    assert.match(statusOf(scene), /The contract cannot be read: `\.github\/research\.yml:1: editable/);
  },
};

/** A campaign whose champion is measured, and whose first experiment runs. */
async function running(experiments = 1): Promise<Scene> {
  const scene = campaignScene(experiments);
  await measureChampion(scene);
  return scene;
}

function lastRun({ model }: Scene) {
  return model.runs.values().at(-1);
}

/** Lets the champion that somebody pushed be measured. */
async function remeasure(scene: Scene): Promise<void> {
  for (const k of [4, 5, 6]) {
    scene.measure(`1/0.${k}`, 1);
    await workOn(scene);
  }
}

for (const [intervention, story] of Object.entries(INTERVENTIONS)) test(`somebody ${intervention}`, story);

test('docs/people.md tells what becomes of each of these, and of nothing else', () => {
  const text = readFileSync(new URL('../../docs/people.md', import.meta.url), 'utf8');
  const [, table = ''] = text.split('## Manual changes\n');
  const rows = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, row = '']) => row.trim());
  assert.deepEqual(rows.slice(1), Object.keys(INTERVENTIONS));
});
