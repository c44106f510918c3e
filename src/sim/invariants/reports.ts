/** Reports: one for each end of a campaign that had experiments, and none before. */
import { reportKey } from '../../campaign/notice.ts';
import { noticeKey } from '../../github/replies.ts';
import type { Sim } from '../sim.ts';
import { isTakenBack, markerOf, pullsOf, statusComments } from './read.ts';
import type { Rule, Rules } from './rule.ts';

const DAY_MS = 86_400_000;

export function watchReports({ sim, model }: Rules): Rule {
  return ({ table, actor, before, after }) => {
    if (table !== 'comments' || actor !== model.botLogin || before || !after) return;
    const key = noticeKey(after.body) ?? '';
    if (key.startsWith('digest ')) checkDigest(after.issue, key);
    if (!key.startsWith('report ')) return;
    sim.tally.reports++;
    const phase = statusComments(model, after.issue)[0]?.state.phase;
    // Of two Apps one may let the campaign go on while the other reports its end.
    if (!sim.profile.twoApps && (phase === 'running' || phase === 'paused'))
      sim.violate(`The end of campaign #${after.issue} was reported while it is ${phase}.`);
  };

  function checkDigest(issue: number, key: string): void {
    sim.tally.digests++;
    const phase = statusComments(model, issue)[0]?.state.phase;
    if (sim.profile.digest === null)
      sim.violate(`Campaign #${issue} has a digest, and nobody asked for one.`);
    if (!sim.profile.twoApps && (phase === 'finished' || phase === 'stopped'))
      sim.violate(`Campaign #${issue} has a digest although it is ${phase}.`);
    const late = model.now() - Date.parse(key.slice('digest '.length));
    if (!(late >= 0 && late < DAY_MS)) sim.violate(`The digest of campaign #${issue} is ${late} ms late.`);
  }
}

/** Each campaign that has ended has reported its last end, with as many merges as there are. */
export function checkReports(sim: Sim): void {
  const { model, tally } = sim;
  // What people took away, or keep from being read, is not there to report.
  if (
    isTakenBack(sim) ||
    tally.interventions['push a broken contract'] ||
    tally.interventions['take back a comment']
  )
    return;
  for (const { number, open } of model.issues.values()) {
    const [status] = statusComments(model, number);
    const pulls = pullsOf(model, number).filter(pull => markerOf(pull) !== null);
    if (!status || !open || pulls.length === 0) continue;
    const key = reportKey(status.state);
    const report = model.comments
      .values()
      .find(({ issue, body }) => issue === number && noticeKey(body) === key);
    if (!report) sim.violate(`Campaign #${number} has ended, and its report "${key}" is missing.`);
    const merged = pulls.filter(({ state }) => state === 'merged').length;
    // A person may merge something later, or put a branch back to before a merge.
    const byPeople = ['merge an experiment', 'put a campaign’s branch back'];
    const told = Number(/(\d+) of \d+ experiments? merged/.exec(report?.body ?? '')?.[1]);
    if (report && (told > merged || (told < merged && !byPeople.some(kind => tally.interventions[kind]))))
      sim.violate(`The report of campaign #${number} should say ${merged} merged, found ${told}.`);
  }
}
