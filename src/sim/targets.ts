/** What people turn to: one of the things of a kind that are there, at random. */
import type { Comment } from '../github/port.ts';
import { say, writer } from './hands.ts';
import { campaignOf, stateOf } from './invariants/read.ts';
import type { Branch, PullRecord, RunRecord } from './model/state.ts';
import type { Random } from './random.ts';
import { BOT, type Sim } from './sim.ts';

/** Does something, or returns false where there is nothing to do it to. */
export type Intervention = (sim: Sim) => boolean;

/** What is done to one thing. */
type Act<T> = (sim: Sim, target: T) => void;

/** Does `act` to one of what `find` finds. */
function onOne<T>(find: (sim: Sim) => T[], act: Act<T>): Intervention {
  return sim => {
    const found = find(sim);
    if (found.length === 0) return false;
    act(sim, sim.random.pick(found));
    return true;
  };
}

export const onOpenPull = (act: Act<PullRecord>) =>
  onOne(({ model }) => model.pulls.values().filter(({ state }) => state === 'open'), act);

export const onEndedPull = (act: Act<PullRecord>) =>
  onOne(({ model }) => model.pulls.values().filter(({ state }) => state !== 'open'), act);

export const onPromotion = (act: Act<PullRecord>) =>
  onOne(({ model }) => model.pulls.values().filter(pull => pull.state === 'open' && isPromotion(pull)), act);

export const onCampaignBranch = (act: Act<Branch>) =>
  onOne(({ model }) => model.branches.values().filter(({ name }) => campaignOf(name) !== null), act);

export const onStatus = (act: Act<Comment>) =>
  onOne(({ model }) => model.comments.values().filter(isStatus), act);

export const onIssue = (act: Act<number>) =>
  onOne(({ model }) => model.issues.values().map(({ number }) => number), act);

export const onRun = (status: (random: Random) => RunRecord['status'], act: Act<RunRecord>) =>
  onOne(({ model, random }) => {
    const wanted = status(random);
    return model.runs.values().filter(run => run.status === wanted);
  }, act);

/** Somebody who may write says it on an issue. */
export const commandOnIssue = (text: (random: Random) => string) =>
  onIssue(({ model, random }, issue) => say(model, issue, writer(random), text(random)));

/** Somebody who may write says it on an open pull request. */
export const commandOnPull = (text: string) =>
  onOpenPull(({ model, random }, { number }) => say(model, number, writer(random), text));

export function isPromotion(pull: object): pull is PullRecord {
  return 'branch' in pull && campaignOf(String(pull.branch)) !== null;
}

function isStatus(comment: Comment): boolean {
  return comment.author === BOT && stateOf(comment) !== null;
}
