/** What people can do while a campaign runs, each on whatever is there by then. Their order is part of what a seed means. */
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { commitOn, later, pushToBase, say, settings, writer } from './hands.ts';
import { pullsOf } from './invariants/read.ts';
import { NAMES, SETTINGS, WORKFLOW } from './landscape.ts';
import { cancelRun, dispatchRun, rerun } from './model/actions.ts';
import { changeIssue, changePull, deleteComment, editComment, openIssue, pullOf } from './model/issues.ts';
import { mergePull } from './model/merge.ts';
import { deleteBranch, setBranch } from './model/refs.ts';
import { timestamp } from './model/state.ts';
import { PEOPLE, STRANGER } from './sim.ts';
import {
  commandOnIssue,
  commandOnPull,
  type Intervention,
  onCampaignBranch,
  onEndedPull,
  onIssue,
  onOpenPull,
  onPromotion,
  onRun,
  onStatus,
} from './targets.ts';

export const INTERVENTIONS = {
  'push beside': sim => pushToBase(sim, 'README.md', `Edited at ${timestamp(sim.model)}.\n`),
  'push settings': sim => {
    const text = settings(sim).replace(/^depth = -?\d+$/m, `depth = ${sim.random.whole(0, 9)}`);
    return pushToBase(sim, SETTINGS, text);
  },
  'push a broken contract': sim => pushToBase(sim, CONTRACT_PATH, 'editable: 7\n'),
  'merge an experiment': onOpenPull(({ model }, { number, headSha, title }) => {
    mergePull(model, 'bob', number, { sha: headSha, message: title });
  }),
  'close an experiment': onOpenPull(({ model }, { number }) =>
    changePull(model, 'bob', number, { state: 'closed' }),
  ),
  'merge a promotion': onPromotion(({ model }, { number, headSha, title }) => {
    // GitHub looks whether it fits before a person can press the button.
    model.pulls.set(number, { ...pullOf(model, number), mergeability: 'known' });
    mergePull(model, 'alice', number, { sha: headSha, message: title });
  }),
  'close a promotion': onPromotion(({ model }, { number }) =>
    changePull(model, 'alice', number, { state: 'closed' }),
  ),
  'push to a campaign’s branch': onCampaignBranch(({ model }, { name, sha }) => {
    const text = `Edited at ${timestamp(model)}.\n`;
    setBranch(model, 'bob', name, commitOn(model, sha, 'README.md', text));
  }),
  'put a campaign’s branch back': onCampaignBranch(({ model }, { name, sha }) =>
    setBranch(model, 'bob', name, model.git.commit(sha)?.parents[0] ?? sha),
  ),
  'delete a campaign’s branch': onCampaignBranch(({ model }, { name }) => deleteBranch(model, 'bob', name)),
  'remove the label': onOpenPull(({ model }, { number }) => changePull(model, 'bob', number, { labels: [] })),
  'edit the label': onOpenPull(({ model }, { number }) =>
    changePull(model, 'bob', number, { labels: ['wontfix'] }),
  ),
  'delete an experiment branch': onOpenPull(({ model }, { branch }) => deleteBranch(model, 'bob', branch)),
  'push to an experiment': onOpenPull((sim, { branch, headSha }) => {
    const sha = commitOn(sim.model, headSha, SETTINGS, `${settings(sim)}# by hand\n`);
    setBranch(sim.model, 'bob', branch, sha);
  }),
  'edit a description': onOpenPull(({ model, random }, { number, body }) => {
    const edited = random.chance(0.5) ? 'I tidied this up.' : `Note: ${body}\nAnother note.`;
    changePull(model, 'bob', number, { body: edited });
  }),
  'delete the status comment': onStatus(({ model }, { id }) => deleteComment(model, 'alice', id)),
  'edit the status comment': onStatus(({ model, random }, { id, body }) => {
    const edited = random.chance(0.5) ? 'Nothing to see here.' : body.replace(/Champion/, 'Loser');
    editComment(model, 'alice', id, edited);
  }),
  'run a trial again': onRun(
    () => 'completed',
    ({ model }, { id }) => rerun(model, 'bob', id),
  ),
  'cancel a run': onRun(
    random => random.pick(['queued', 'in_progress']),
    ({ model }, { id }) => cancelRun(model, 'bob', id),
  ),
  'dispatch by hand': ({ model, random }) => {
    const run = model.runs.values().at(-1);
    if (!run) return false;
    // The trial that the App started last, or the one that it would start next.
    const { trial = '' } = run.inputs;
    const next = trial.replace(/\d+$/, k => String(Number(k) + 1));
    const inputs = { ...run.inputs, trial: random.pick([trial, next]) };
    dispatchRun(model, 'bob', WORKFLOW, model.defaultBranch, inputs);
    return true;
  },
  uninstall: sim => {
    sim.uninstalledUntil = sim.schedule.now() + sim.random.between(60, 2400) * 1000;
    return true;
  },
  'protect the base': sim => {
    sim.model.rule = 'Required status check "ci" is expected.';
    later(sim, sim.random.between(600, 7200), () => {
      sim.model.rule = null;
    });
    return true;
  },
  'take the runners away': sim => {
    sim.runnersAwayUntil = sim.schedule.now() + sim.random.between(600, 6000) * 1000;
    return true;
  },
  'start another campaign': ({ model, random }) => {
    say(model, openIssue(model, 'bob'), 'bob', `/research ${random.whole(1, 3)}`);
    return true;
  },
  'close the issue': onIssue((sim, issue) => {
    const { model, random } = sim;
    changeIssue(model, 'alice', issue, { open: false });
    if (random.chance(0.5))
      later(sim, random.between(60, 3600), () => changeIssue(model, 'alice', issue, { open: true }));
  }),
  'ask for more': commandOnIssue(random => `/research ${random.whole(1, 3)} try harder`),
  'ask for the status': commandOnIssue(() => '/research status'),
  'ask for help': commandOnIssue(() => '/research help'),
  pause: commandOnIssue(() => '/research pause'),
  resume: commandOnIssue(() => '/research resume'),
  stop: commandOnIssue(() => '/research stop'),
  'say something else': onIssue(({ model, random }, issue) => {
    const text = random.pick([
      '/research',
      '/research 0',
      '/research stauts',
      '/research 3 --agent x',
      'Nice!',
      '> /research 9',
    ]);
    say(model, issue, writer(random), text);
  }),
  'ask without permission': onIssue(({ model, random }, issue) => {
    const author = random.pick(['eve', STRANGER]);
    say(model, issue, author, random.pick(['/research 9', '/research stop', '/research status']));
  }),
  'try an idea': onIssue(({ model, random }, issue) => {
    const idea = `${random.pick(NAMES)} = ${random.whole(0, 12)}`;
    const text = random.pick([idea, idea, idea, 'colour = 3', 'something @everyone fixes #1']);
    say(model, issue, writer(random), `/research try ${text}`);
  }),
  'stack what was tried': onIssue(({ model, random }, issue) => {
    const tried = pullsOf(model, issue).filter(({ state }) => state === 'closed' || random.chance(0.1));
    const asked = tried.map(({ number }) => number).slice(-random.whole(1, 3));
    say(model, issue, writer(random), `/research stack ${asked.map(pull => `#${pull}`).join(' ')}`);
  }),
  'take back what was merged': onIssue(({ model, random }, issue) => {
    const merged = pullsOf(model, issue).filter(({ state }) => state === 'merged' || random.chance(0.1));
    say(model, issue, writer(random), `/research undo #${merged.at(-1)?.number ?? 99}`);
  }),
  keep: commandOnPull('/research keep'),
  discard: commandOnPull('/research discard'),
  'run an experiment again': commandOnPull('/research rerun'),
  'a word on what has ended': onEndedPull(({ model, random }, { number }) => {
    const word = random.pick(['rerun', 'rerun', 'keep', 'discard']);
    say(model, number, writer(random), `/research ${word}`);
  }),
  'keep without permission': onOpenPull(({ model, random }, { number }) =>
    say(model, number, random.pick(['eve', STRANGER]), '/research keep'),
  ),
  'remove the campaign’s label': onIssue(({ model }, issue) =>
    changeIssue(model, 'bob', issue, { labels: [] }),
  ),
  'ask on a pull request': commandOnPull('/research 5'),
  'take back a comment': ({ model, random }) => {
    const own = model.comments.values().filter(({ author }) => PEOPLE.has(author as 'bob'));
    const comment = own.at(-1);
    if (!comment) return false;
    if (random.chance(0.5)) deleteComment(model, comment.author, comment.id);
    else editComment(model, comment.author, comment.id, '/research 2 edited');
    return true;
  },
} satisfies Record<string, Intervention>;
