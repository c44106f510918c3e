/** A person who looks in now and then and does what a paused campaign asks for, so that every campaign can end. */
import type { CampaignState } from '../campaign/marker.ts';
import { noticeKey } from '../github/replies.ts';
import { pushToBase, restoreContract, say, settings } from './hands.ts';
import { statusComments } from './invariants/read.ts';
import { SETTINGS } from './landscape.ts';
import { changeIssue, changePull } from './model/issues.ts';
import { setBranch } from './model/refs.ts';
import { tipOf } from './model/state.ts';
import { BOT, type Sim } from './sim.ts';

const ROUND_SECONDS = 900;
/** An answer that did not help is waited for that long. */
const ASK_AGAIN_SECONDS = 3600;
/** Whoever has resumed a campaign this often stops it. */
const PATIENCE = 10;

export function startCaretaker(sim: Sim): void {
  const { model, schedule } = sim;
  /** How often each campaign was resumed. */
  const resumed = new Map<number, number>();
  const round = () => {
    for (const { number, open } of model.issues.values()) {
      const status = statusComments(model, number)[0];
      const phase = status?.state.phase;
      if (!status && isLost(number)) revive(number, open);
      else if (status && phase === 'paused') goOn(number, open, status.state);
    }
    schedule.after(ROUND_SECONDS, round);
  };
  schedule.after(ROUND_SECONDS, round);

  /** The App said that the state of a campaign is gone, and nobody has asked for more lately. */
  function isLost(issue: number): boolean {
    const comments = model.comments.values().filter(comment => comment.issue === issue);
    const asked = comments.findLast(({ author, body }) => author === 'alice' && body === '/research 1');
    const lately =
      asked !== undefined && model.now() - Date.parse(asked.createdAt) < ASK_AGAIN_SECONDS * 1000;
    return !lately && comments.some(({ author, body }) => author === BOT && noticeKey(body) === 'state lost');
  }

  function revive(issue: number, open: boolean): void {
    if (!open) changeIssue(model, 'alice', issue, { open: true });
    restoreContract(sim);
    say(model, issue, 'alice', '/research 1');
  }

  /** Says a word on every experiment that the campaign waits for. */
  function decideHeld(reason: string): void {
    for (const [, pull] of reason.matchAll(/#(\d+)/g))
      if (model.pulls.get(Number(pull))?.state === 'open')
        say(model, Number(pull), 'alice', `/research ${sim.random.pick(['keep', 'discard', 'rerun'])}`);
  }

  function goOn(issue: number, open: boolean, { reason, cause }: CampaignState): void {
    const times = resumed.get(issue) ?? 0;
    resumed.set(issue, times + 1);
    if (times >= PATIENCE) {
      if (times === PATIENCE) sim.tally.stoppedByHand++;
      say(model, issue, 'alice', '/research stop');
      return;
    }
    if (!open) changeIssue(model, 'alice', issue, { open: true });
    if (cause === 'held') {
      decideHeld(reason);
      return;
    }
    fixCause(reason);
    say(model, issue, 'alice', '/research resume');
  }

  /** Does what the reason asks for, where it is more than to look. */
  function fixCause(reason: string): void {
    const pull = Number(/(?:pushed to|description of) #(\d+)/.exec(reason)?.[1] ?? 0);
    if (model.pulls.get(pull)?.state === 'open') changePull(model, 'alice', pull, { state: 'closed' });
    if (/research\.yml|contract/.test(reason)) restoreContract(sim);
    if (/The guard .* cannot be checked/.test(reason))
      pushToBase(sim, SETTINGS, settings(sim).replace(/^heads = .*$/m, 'heads = 5'));
    if (/refused to merge/.test(reason)) model.rule = null;
    if (/No runner/.test(reason)) sim.runnersAwayUntil = 0;
    const [, branch = '', sha = ''] =
      /deleted `(research\/\d+\/base)`. Recreate it at ([0-9a-f]{40})/.exec(reason) ?? [];
    if (branch !== '' && tipOf(model, branch) === undefined) setBranch(model, 'alice', branch, sha);
  }
}
