/** What people can do, each deed on whatever is there by then. */
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { campaignOf, stateOf } from './invariants/read.ts';
import { contractText, NAMES, SETTINGS, WORKFLOW } from './landscape.ts';
import { cancelRun, dispatchRun, rerun } from './model/actions.ts';
import {
  addComment,
  changeIssue,
  changePull,
  deleteComment,
  editComment,
  openIssue,
  pullOf,
} from './model/issues.ts';
import { mergePull } from './model/merge.ts';
import { deleteBranch, setBranch } from './model/refs.ts';
import { type Branch, type PullRecord, timestamp, tipOf } from './model/state.ts';
import { BOT, PEOPLE, type Sim, STRANGER } from './sim.ts';

/** Does something, or returns false where there is nothing to do it to. */
type Deed = (sim: Sim) => boolean;

export const DEEDS = {
  'push beside': sim => push(sim, 'README.md', `Edited at ${timestamp(sim.model)}.\n`),
  'push settings': sim => {
    const text = settings(sim).replace(/^depth = -?\d+$/m, `depth = ${sim.random.whole(0, 9)}`);
    return push(sim, SETTINGS, text);
  },
  'push a broken contract': sim => push(sim, CONTRACT_PATH, 'editable: 7\n'),
  'merge an experiment': onOpenPull((sim, pull) => {
    mergePull(sim.model, 'bob', pull.number, { sha: pull.headSha, message: pull.title });
  }),
  'close an experiment': onOpenPull((sim, pull) =>
    changePull(sim.model, 'bob', pull.number, { state: 'closed' }),
  ),
  'merge a promotion': onPromotion((sim, { number, headSha, title }) => {
    // GitHub looks whether it fits before a person can press the button.
    const pull = pullOf(sim.model, number);
    sim.model.pulls.set(number, { ...pull, mergeability: 'known' });
    mergePull(sim.model, 'alice', number, { sha: headSha, message: title });
  }),
  'close a promotion': onPromotion((sim, pull) =>
    changePull(sim.model, 'alice', pull.number, { state: 'closed' }),
  ),
  'push to a campaign’s branch': onCampaignBranch((sim, { name, sha }) =>
    setBranch(
      sim.model,
      'bob',
      name,
      commitOn(sim, sha, 'README.md', `Edited at ${timestamp(sim.model)}.\n`),
    ),
  ),
  'put a campaign’s branch back': onCampaignBranch((sim, { name, sha }) =>
    setBranch(sim.model, 'bob', name, sim.model.git.commit(sha)?.parents[0] ?? sha),
  ),
  'delete a campaign’s branch': onCampaignBranch((sim, { name }) => deleteBranch(sim.model, 'bob', name)),
  'remove the label': onOpenPull((sim, pull) => changePull(sim.model, 'bob', pull.number, { labels: [] })),
  'edit the label': onOpenPull((sim, pull) =>
    changePull(sim.model, 'bob', pull.number, { labels: ['wontfix'] }),
  ),
  'delete an experiment branch': onOpenPull((sim, pull) => deleteBranch(sim.model, 'bob', pull.branch)),
  'push to an experiment': onOpenPull((sim, pull) => {
    const sha = commitOn(sim, pull.headSha, SETTINGS, `${settings(sim)}# by hand\n`);
    setBranch(sim.model, 'bob', pull.branch, sha);
  }),
  'edit a description': onOpenPull((sim, pull) => {
    const body = sim.random.chance(0.5) ? 'I tidied this up.' : `Note: ${pull.body}\nAnother note.`;
    changePull(sim.model, 'bob', pull.number, { body });
  }),
  'delete the status comment': onStatus((sim, { id }) => deleteComment(sim.model, 'alice', id)),
  'edit the status comment': onStatus((sim, { id, body }) => {
    const edited = sim.random.chance(0.5) ? 'Nothing to see here.' : body.replace(/Champion/, 'Loser');
    editComment(sim.model, 'alice', id, edited);
  }),
  'run a trial again': sim => onRun(sim, 'completed', id => rerun(sim.model, 'bob', id)),
  'cancel a run': sim =>
    onRun(sim, sim.random.pick(['queued', 'in_progress']), id => cancelRun(sim.model, 'bob', id)),
  'dispatch by hand': sim => {
    const run = sim.model.runs.values().at(-1);
    if (!run) return false;
    // The trial that the App started last, or the one that it would start next.
    const { trial = '' } = run.inputs;
    const next = trial.replace(/\d+$/, k => String(Number(k) + 1));
    const inputs = { ...run.inputs, trial: sim.random.pick([trial, next]) };
    dispatchRun(sim.model, 'bob', WORKFLOW, sim.model.defaultBranch, inputs);
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
  'start another campaign': sim =>
    say(sim, openIssue(sim.model, 'bob'), 'bob', `/research ${sim.random.whole(1, 3)}`),
  'close the issue': onIssue((sim, issue) => {
    changeIssue(sim.model, 'alice', issue, { open: false });
    if (sim.random.chance(0.5))
      later(sim, sim.random.between(60, 3600), () => changeIssue(sim.model, 'alice', issue, { open: true }));
  }),
  'ask for more': onIssue(
    (sim, issue) => void say(sim, issue, writer(sim), `/research ${sim.random.whole(1, 3)} try harder`),
  ),
  'ask for the status': onIssue((sim, issue) => void say(sim, issue, writer(sim), '/research status')),
  'ask for help': onIssue((sim, issue) => void say(sim, issue, writer(sim), '/research help')),
  pause: onIssue((sim, issue) => void say(sim, issue, writer(sim), '/research pause')),
  resume: onIssue((sim, issue) => void say(sim, issue, writer(sim), '/research resume')),
  stop: onIssue((sim, issue) => void say(sim, issue, writer(sim), '/research stop')),
  'say something else': onIssue((sim, issue) => {
    const text = sim.random.pick([
      '/research',
      '/research 0',
      '/research stauts',
      '/research 3 --agent x',
      'Nice!',
      '> /research 9',
    ]);
    say(sim, issue, writer(sim), text);
  }),
  'ask without permission': onIssue((sim, issue) => {
    say(
      sim,
      issue,
      sim.random.pick(['eve', STRANGER]),
      sim.random.pick(['/research 9', '/research stop', '/research status']),
    );
  }),
  'try an idea': onIssue((sim, issue) => {
    const idea = `${sim.random.pick(NAMES)} = ${sim.random.whole(0, 12)}`;
    const text = sim.random.pick([idea, idea, idea, 'colour = 3', 'something @everyone fixes #1']);
    say(sim, issue, writer(sim), `/research try ${text}`);
  }),
  keep: onOpenPull((sim, pull) => void say(sim, pull.number, writer(sim), '/research keep')),
  discard: onOpenPull((sim, pull) => void say(sim, pull.number, writer(sim), '/research discard')),
  'run an experiment again': onOpenPull(
    (sim, pull) => void say(sim, pull.number, writer(sim), '/research rerun'),
  ),
  'a word on what has ended': onPull('ended', (sim, pull) => {
    const word = sim.random.pick(['rerun', 'rerun', 'keep', 'discard']);
    say(sim, pull.number, writer(sim), `/research ${word}`);
  }),
  'keep without permission': onOpenPull(
    (sim, pull) => void say(sim, pull.number, sim.random.pick(['eve', STRANGER]), '/research keep'),
  ),
  'remove the campaign’s label': onIssue((sim, issue) =>
    changeIssue(sim.model, 'bob', issue, { labels: [] }),
  ),
  'ask on a pull request': onOpenPull((sim, pull) => void say(sim, pull.number, writer(sim), '/research 5')),
  'take back a comment': sim => {
    const own = sim.model.comments.values().filter(({ author }) => PEOPLE.has(author as 'bob'));
    const comment = own.at(-1);
    if (!comment) return false;
    if (sim.random.chance(0.5)) deleteComment(sim.model, comment.author, comment.id);
    else editComment(sim.model, comment.author, comment.id, '/research 2 edited');
    return true;
  },
} satisfies Record<string, Deed>;

/** Pushes one file to the base. */
function push(sim: Sim, path: string, text: string): boolean {
  const { model } = sim;
  const tip = tipOf(model, model.defaultBranch) ?? '';
  if (model.git.tree(model.git.commit(tip)?.tree ?? '')?.get(path) === text) return false;
  setBranch(model, 'bob', model.defaultBranch, commitOn(sim, tip, path, text));
  return true;
}

/** Puts a contract that can be read back. */
export function mendContract(sim: Sim): boolean {
  return push(sim, CONTRACT_PATH, contractText(sim.profile));
}

export function say({ model }: Sim, issue: number, author: string, text: string): boolean {
  addComment(model, author, issue, text);
  return true;
}

function commitOn({ model }: Sim, parent: string, path: string, text: string): string {
  const files = model.git.tree(model.git.commit(parent)?.tree ?? '') ?? new Map<string, string>();
  const tree = model.git.writeTree(new Map([...files, [path, text]]));
  return model.git.writeCommit({ tree, parents: [parent], message: `Edit ${path}` }, timestamp(model));
}

function settings({ model }: Sim): string {
  const tip = model.git.commit(tipOf(model, model.defaultBranch) ?? '');
  return model.git.tree(tip?.tree ?? '')?.get(SETTINGS) ?? '';
}

function writer(sim: Sim): string {
  return sim.random.pick(['alice', 'bob']);
}

function onOpenPull(deed: (sim: Sim, pull: PullRecord) => void): Deed {
  return onPull('open', deed);
}

function onPull(wanted: 'open' | 'ended', deed: (sim: Sim, pull: PullRecord) => void): Deed {
  return sim => {
    const found = sim.model.pulls.values().filter(({ state }) => (state === 'open') === (wanted === 'open'));
    if (found.length === 0) return false;
    deed(sim, sim.random.pick(found));
    return true;
  };
}

function onPromotion(deed: (sim: Sim, pull: PullRecord) => void): Deed {
  return sim => {
    const open = sim.model.pulls.values().filter(pull => pull.state === 'open' && isPromotion(pull));
    if (open.length === 0) return false;
    deed(sim, sim.random.pick(open));
    return true;
  };
}

function onCampaignBranch(deed: (sim: Sim, branch: Branch) => void): Deed {
  return sim => {
    const found = sim.model.branches.values().filter(({ name }) => campaignOf(name) !== null);
    if (found.length === 0) return false;
    deed(sim, sim.random.pick(found));
    return true;
  };
}

function onStatus(deed: (sim: Sim, comment: { id: number; body: string }) => void): Deed {
  return sim => {
    const found = sim.model.comments
      .values()
      .filter(comment => comment.author === BOT && stateOf(comment) !== null);
    if (found.length === 0) return false;
    deed(sim, sim.random.pick(found));
    return true;
  };
}

function onIssue(deed: (sim: Sim, issue: number) => void): Deed {
  return sim => {
    deed(sim, sim.random.pick(sim.model.issues.values()).number);
    return true;
  };
}

function onRun(sim: Sim, status: string, deed: (id: number) => void): boolean {
  const runs = sim.model.runs.values().filter(run => run.status === status);
  if (runs.length === 0) return false;
  deed(sim.random.pick(runs).id);
  return true;
}

export function isPromotion(pull: object): pull is PullRecord {
  return 'branch' in pull && campaignOf(String(pull.branch)) !== null;
}

/** Somebody means to do something that many seconds from now. */
export function later(sim: Sim, seconds: number, work: () => void): void {
  sim.busyUntil = Math.max(sim.busyUntil, sim.schedule.now() + seconds * 1000);
  sim.schedule.after(seconds, work);
}
