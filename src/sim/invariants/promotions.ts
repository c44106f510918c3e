/** What a campaign with a branch of its own offers: once, when it has ended, and with numbers that are true. */

import type { CampaignState, RecordedTrial } from '../../campaign/marker.ts';
import { measuredValues } from '../../campaign/model.ts';
import { campaignBranch } from '../../campaign/own-branch.ts';
import { mean } from '../../gate/mean.ts';
import { formatValue } from '../../render/number.ts';
import { type PullRecord, tipOf } from '../model/state.ts';
import type { Sim } from '../sim.ts';
import { campaignOf, markerOf, promotionsOf, pullsOf, statusComments } from './read.ts';
import type { Rule, Rules } from './rule.ts';

/** Interventions after which a campaign's branch is not what the App made it, or cannot be read. */
export const ON_BRANCH = [
  'push to a campaign’s branch',
  'put a campaign’s branch back',
  'delete a campaign’s branch',
  'push a broken contract',
];

export function watchPromotions({ sim, model, allowed }: Rules): Rule {
  return ({ table, actor, before, after }) => {
    if (table !== 'pulls' || actor !== model.botLogin || before || !after || !('branch' in after)) return;
    const issue = campaignOf(after.branch);
    if (issue === null) return;
    sim.tally.promotions++;
    checkHolds(sim, after);
    if (after.base !== model.defaultBranch)
      sim.violate(`#${after.number} offers what was found to ${after.base}.`);
    const same = promotionsOf(model, issue).filter(({ headSha }) => headSha === after.headSha);
    if (same.length > allowed(1)) sim.violate(`${after.branch} was offered ${same.length} times as it is.`);
    const phase = statusComments(model, issue)[0]?.state.phase;
    if (!sim.profile.twoApps && (phase === 'running' || phase === 'paused'))
      sim.violate(`#${after.number} was opened while campaign #${issue} is ${phase}.`);
  };
}

/** What did not hold at the last budget of the ladder is not offered. */
function checkHolds(sim: Sim, { number, body }: PullRecord): void {
  const { atLeast } = sim.profile;
  if (atLeast === null) return;
  const last = body.split('\n').findLast(line => line.startsWith('- At ')) ?? '';
  const share = /\*\*(none|\d+%) of the gain/.exec(last)?.[1];
  const held = share === undefined ? 1 : Number.parseInt(share.replace('none', '0'), 10) / 100;
  if (held < atLeast - 0.005 || last.includes('the last champion crashed'))
    sim.violate(`#${number} is offered although: ${last}`);
}

/** In the end every campaign that merged something has offered it, no empty branch is left, and what is offered is told truly. */
export function checkPromotions(sim: Sim): void {
  const { model } = sim;
  /** What a person wrote over says nothing; and who merges it as #each goes in takes that along before the description tells of it. */
  const hasTaken = ({ state, body, headSha }: PullRecord, each: PullRecord, issue: number, start: string) =>
    !isOwn(body) || (state === 'merged' && mergedInto(sim, issue, headSha, start).includes(each));
  for (const { number, open: isSeen } of model.issues.values()) {
    const status = statusComments(model, number)[0];
    if (!status?.state.base) continue;
    const tip = tipOf(model, campaignBranch(number));
    if (tip === undefined) continue;
    const own = promotionsOf(model, number);
    const { sha: start } = status.state.base.start;
    const merged = mergedInto(sim, number, tip, start);
    const open = own.filter(({ state }) => state === 'open');
    // What people did to the branch after the end is theirs; and what they wrote over a description stays.
    const byHand = ON_BRANCH.some(kind => sim.tally.interventions[kind]);
    if (isSeen && tip === start && open.length === 0 && !byHand)
      sim.violate(`The empty branch of campaign #${number} is left over.`);
    const isHeldBack = status.comment.body.includes('Not offered in a pull request');
    if (isHeldBack && sim.profile.atLeast === null)
      sim.violate(`What campaign #${number} found is held back, and nobody asked for that.`);
    for (const each of byHand || isHeldBack ? [] : merged)
      if (!own.some(pull => lists(pull.body, each.number) || hasTaken(pull, each, number, start)))
        sim.violate(`#${each.number} was merged for campaign #${number}, and is offered to nobody.`);
    if (open.length > 1) sim.violate(`Campaign #${number} has ${open.length} open promotions.`);
    for (const pull of open)
      if (!byHand && isOwn(pull.body))
        checkNumbers(sim, number, pull, merged, status.state, status.comment.body);
  }
}

/** The experiments that lie between where the branch began and its tip, first to last. */
function mergedInto({ model }: Sim, issue: number, tip: string, start: string): PullRecord[] {
  const merged: PullRecord[] = [];
  for (
    let at: string | undefined = tip;
    at !== undefined && at !== start;
    at = model.git.commit(at)?.parents[0]
  ) {
    const made = pullsOf(model, issue).find(({ mergeCommit }) => mergeCommit === at);
    if (made && markerOf(made)) merged.unshift(made);
  }
  return merged;
}

/** Whether a description is the App's: people may write over it. */
function isOwn(body: string): boolean {
  return body.includes('| campaign start');
}

/** Whether a row of the table is about this pull request. */
function lists(body: string, pull: number): boolean {
  return new RegExp(`^\\| +#${pull} \\|`, 'm').test(body);
}

function checkNumbers(
  sim: Sim,
  campaign: number,
  { number, title, body, headSha }: PullRecord,
  merged: readonly PullRecord[],
  { base }: CampaignState,
  status: string,
): void {
  const expect = (text: string, wanted: string) => {
    if (!text.includes(wanted))
      sim.violate(`#${number} should say "${wanted}", found: ${text.slice(0, 1500)}`);
  };
  for (const pull of merged)
    if (!lists(body, pull.number))
      sim.violate(`#${number} should list #${pull.number}, found: ${body.slice(0, 1500)}`);
  const rows = body.split('\n').filter(line => /^\| +#\d+ \|/.test(line));
  expect(title, `${rows.length} ${rows.length === 1 ? 'experiment' : 'experiments'} merged`);
  // If the branch was changed by hand, the body says that it may contain less.
  if (rows.length !== merged.length && !body.includes('was also changed by hand'))
    sim.violate(`#${number} should list ${merged.length} experiments, and lists ${rows.length}.`);
  // Without a readable contract the status knows of no limit.
  const spent = /Spent: (.*?)(?: of \$\S+)?\. /.exec(status)?.[1];
  expect(body, `Total spent: ${spent}`);
  const trialsIn = (issue: number) => [
    ...statusComments(sim.model, issue).flatMap(({ state }) => state.baselines),
    ...pullsOf(sim.model, issue).flatMap(pull => markerOf(pull)?.trials ?? []),
  ];
  const trials = sim.model.issues.values().flatMap(issue => trialsIn(issue.number));
  // Where conditions differ, the App tells of those that can be compared.
  if (
    new Set(
      trials
        .filter(({ machine }) => machine !== 'unknown')
        .map(({ machine, digest, conditions }) => `${machine} ${digest} ${conditions?.othersCores}`),
    ).size > 1
  )
    return;
  const last = merged.at(-1);
  // What a person put on top was not measured.
  if (last?.mergeCommit !== headSha) return;
  expectLevel('this branch', markerOf(last)?.tree ?? '');
  expectLevel('campaign start', base?.start.tree ?? '');

  function expectLevel(what: string, tree: string): void {
    const measured = (some: readonly RecordedTrial[]) =>
      measuredValues(some.filter(trial => trial.tree === tree));
    const all = measured(trials);
    if (all.length === 0) return;
    // Another campaign may have measured the same tree, and be in no list any more.
    const wanted = [all, measured(trialsIn(campaign))];
    const row = body.split('\n').find(line => line.startsWith(`| ${what}`)) ?? '';
    const cells = row.split('|').map(cell => cell.trim());
    const texts = wanted.map(values =>
      values.length === 0 ? '– of 0 trials' : `${formatValue(mean(values))} of ${values.length} trials`,
    );
    if (!texts.includes(`${cells[3]} of ${cells[4]} trials`))
      sim.violate(`#${number} should say ${what}: ${texts.join(' or ')}, found: ${row}`);
  }
}
