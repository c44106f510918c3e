/** What must hold once a campaign is quiet: it has ended, nothing is left over, and what people read is true. */

import type { CampaignState } from '../../campaign/marker.ts';
import { campaignBranch } from '../../campaign/own-branch.ts';
import { FIRST_FINAL, trialParts } from '../../campaign/trial-id.ts';

import { denialIn } from '../../github/denials.ts';
import { commandOf } from '../../github/observe/commands.ts';
import type { Comment } from '../../github/port.ts';
import { replyKey } from '../../github/replies.ts';
import { PROPOSAL_COST } from '../explorer.ts';
import { tipOf } from '../model/state.ts';
import type { Sim } from '../sim.ts';
import { checkComments } from './comments.ts';
import { checkCosts } from './costs.ts';
import { checkFinals } from './finals.ts';
import { checkPromotions } from './promotions.ts';
import { campaignOf, isTakenBack, markerOf, pullsOf, statusComments } from './read.ts';
import { checkReports } from './reports.ts';

/** Whether every campaign has ended, as far as GitHub shows. What the App cannot read stays open until a person closes it. */
export function hasEnded({ model }: Sim): boolean {
  const open = model.pulls
    .values()
    .some(pull => pull.state === 'open' && pull.author === model.botLogin && markerOf(pull) !== null);
  const live = model.issues.values().some(({ number }) => {
    const phase = statusComments(model, number)[0]?.state.phase;
    return phase === 'running' || phase === 'paused';
  });
  return !open && !live;
}

/** Checks everything at the end; `sim.violate` hears of what is wrong. */
export function checkEnding(sim: Sim): void {
  const { model } = sim;
  for (const { name } of model.branches.values())
    if (name.startsWith('research/') && campaignOf(name) === null && !isForeign(sim, name))
      sim.violate(`The branch ${name} is left over.`);
  for (const pull of model.pulls.values()) {
    if (pull.author !== model.botLogin || campaignOf(pull.branch) !== null) continue;
    const marker = markerOf(pull);
    if (marker && marker.verdict === null) sim.violate(`#${pull.number} has ended without a verdict.`);
  }
  for (const { number } of model.issues.values()) {
    const status = statusComments(model, number)[0];
    const live = status?.state.phase === 'running' || status?.state.phase === 'paused';
    if (status && !live) checkStatus(sim, number, status.comment, status.state);
  }
  checkCosts(sim);
  checkReports(sim);
  checkFinals(sim);
  checkPromotions(sim);
  checkAnswers(sim);
  checkComments(sim);
}

/** What the App cannot read, did not write, or has no campaign for any more, it leaves alone. */
function isForeign({ model }: Sim, branch: string): boolean {
  const sha = tipOf(model, branch);
  if (statusComments(model, Number(branch.split('/')[1])).length === 0) return true;
  return model.pulls.values().some(pull => pull.branch === branch && markerOf(pull)?.commit !== sha);
}

function checkStatus(sim: Sim, issue: number, comment: Comment, state: CampaignState): void {
  const { model } = sim;
  const expect = (what: string, wanted: string) => {
    if (!comment.body.includes(wanted))
      sim.violate(
        `The status of #${issue} should say ${what}: "${wanted}", found: ${comment.body.slice(0, 600)}`,
      );
  };
  const pulls = pullsOf(model, issue).filter(pull => markerOf(pull) !== null);
  const heading = state.phase === 'finished' ? '🏁 Finished' : '⏹ Stopped';
  expect('its phase and counts', `### ${heading}: ${pulls.length} of ${state.target} experiments`);
  for (const pull of pulls) expect(`#${pull.number}`, `#${pull.number} `);
  const merged = pulls.filter(({ state }) => state === 'merged').length;
  if (/since the start/.test(comment.body)) expect('how many were merged', `${merged} merged`);
  const tip = (tipOf(model, campaignBranch(issue)) ?? tipOf(model, model.defaultBranch))?.slice(0, 7);
  if (!movesBases(sim)) expect('the champion', `${tip}`);
  checkSpending(sim, issue, comment, state);
}

/** Whether people moved a base, which the App does not look at any more once a campaign has ended; another campaign does so, too. */
function movesBases({ tally }: Sim): boolean {
  const starts = ['push', 'merge', 'put', 'delete a campaign', 'start another campaign'];
  return Object.keys(tally.interventions).some(kind => starts.some(start => kind.startsWith(start)));
}

/** Tokens are known to the App for every idea that was opened or revised, or counted as failed; what an experiment costs is watched. */
function checkSpending(sim: Sim, issue: number, comment: Comment, state: CampaignState): void {
  const { model } = sim;
  const spent = /Spent: (\d+) trials?, .*?, (\d+) tokens?/.exec(comment.body);
  const markers = pullsOf(model, issue).flatMap(pull => markerOf(pull) ?? []);
  const trials = new Set(recordedTrials(sim, issue));
  const each = PROPOSAL_COST.inputTokens + PROPOSAL_COST.outputTokens;
  const calls = markers.reduce((sum, { cost }) => sum + cost.calls, state.failedCost.calls);
  const tokens = calls * each;
  if (Number(spent?.[2]) !== tokens)
    sim.violate(`The status of #${issue} should say ${tokens} tokens, found ${spent?.[2]}.`);
  // Whoever deletes the status comment or a marker deletes what it counted; and what ends before its trial is left as it was last written down.
  const isWhole =
    !isTakenBack(sim) && !markers.some(({ verdict }) => ['person', 'stopped'].includes(verdict?.kind ?? ''));
  const lost = state.phase === 'stopped' ? trialsOutside(state, trials) : [];
  const counted = trials.size - lost.length;
  if (isWhole && Number(spent?.[1]) !== counted)
    sim.violate(
      `The status of #${issue} should say ${counted} trials of ${[...trials].join(', ')}, found ${spent?.[1]}.`,
    );
}

/** Trials of champions that no marker holds: the App was killed or refused before it wrote them there, and then somebody stopped the campaign. */
function trialsOutside(
  { baselines, finals, forgotten }: CampaignState,
  trials: ReadonlySet<string>,
): string[] {
  const known = new Set([...baselines, ...finals.flatMap(final => final.trials)].map(({ trial }) => trial));
  return [...trials].filter(trial => {
    const { experiment, k } = trialParts(trial);
    if (experiment >= FIRST_FINAL) return !known.has(trial);
    return experiment === 0 && k > (forgotten?.last ?? 0) && !known.has(trial);
  });
}

/** Trials of a campaign whose check run the App completed with a result. */
function recordedTrials({ model }: Sim, issue: number): string[] {
  return model.checks
    .values()
    .filter(check => check.externalId.startsWith(`${issue}/`) && check.text.includes('autoresearch:trial'))
    .map(({ externalId }) => externalId);
}

/** Every command has taken effect, unless somebody took something back. */
function checkAnswers(sim: Sim): void {
  for (const { id, author, body } of unanswered(sim))
    sim.violate(`Comment ${id} by ${author} was never answered: ${body}`);
}

/** Commands that took no effect yet, by an answer or in a campaign's state; none where somebody took something back. */
export function unanswered(sim: Sim): Comment[] {
  const { model } = sim;
  if (isTakenBack(sim)) return [];
  const answered = model.comments
    .values()
    .flatMap(({ author, body }) => (author === model.botLogin ? (replyKey(body) ?? []) : []));
  const effective = model.issues
    .values()
    .flatMap(({ number }) => statusComments(model, number).flatMap(({ state }) => state.comments));
  const words = model.pulls.values().flatMap(pull => markerOf(pull)?.words ?? []);
  const done = new Set([...answered, ...effective, ...words.map(({ comment }) => comment)]);
  // A stranger is told once an hour.
  const told = new Set(
    model.comments
      .values()
      .flatMap(({ author, body }) => (author === model.botLogin ? (denialIn(body)?.authors ?? []) : [])),
  );
  return [...model.comments.values()].filter(
    comment =>
      commandOf(comment, model.botLogin) !== null &&
      !done.has(comment.id) &&
      (['admin', 'write'].includes(model.permissions.get(comment.author) ?? '') || !told.has(comment.author)),
  );
}
