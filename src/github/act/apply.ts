/** The hands: one action of the plan becomes writes on GitHub. Each may be interrupted anywhere and done again. */

import type { Action } from '../../campaign/action.ts';
import { RESEARCH_LABEL, type Snapshot } from '../../campaign/model.ts';
import { paused } from '../../campaign/phase.ts';
import type { Context } from '../context.ts';
import { sayOnce } from '../replies.ts';
import { saveState } from '../state.ts';
import { think } from './ask-agent.ts';
import { createBase, deleteBase, followBase } from './campaign-branch.ts';
import { close, giveUpChampion } from './close.ts';
import { answerCommand } from './commands.ts';
import { merge } from './merge.ts';
import { promote } from './promote.ts';
import { open } from './propose.ts';
import { hold } from './pull-commands.ts';
import { repeat } from './repeat.ts';
import { moveHead, restack, revise } from './revise.ts';
import { writeOff } from './thought-costs.ts';
import { tidy } from './tidy.ts';
import { dispatchTrial, recordTrial } from './trials.ts';

/** Key of the notice that the label was put back. */
const LABEL_REMOVED = 'label removed';
const LABEL_REMOVED_TEXT =
  'The label `research` was taken off this issue. It is how I find the campaign again after a restart, so I put it back. `/research stop` ends the campaign.';

/** Applies any action but `wait`. */
export async function apply(
  context: Context,
  snapshot: Snapshot,
  action: Exclude<Action, { kind: 'wait' }>,
): Promise<void> {
  const { port } = context;
  switch (action.kind) {
    case 'answer':
      return answerCommand(context, snapshot, action.command);
    case 'phase': {
      const { phase, reason, cause } = action;
      const { state } = action.campaign;
      if (phase === 'stopped') await giveUpChampion(context, snapshot, action.campaign);
      return saveState(port, snapshot, action.campaign, { ...state, phase, reason, cause });
    }
    case 'notify': {
      const { issue, state } = action.campaign;
      await sayOnce(port, issue, action.key, action.text);
      const notices = [...(state?.notices ?? []), action.key];
      const pause = action.pause ? paused(action.text) : {};
      if (state) await saveState(port, snapshot, action.campaign, { ...state, notices, ...pause });
      return;
    }
    case 'label':
      return port.addLabel(action.experiment.pull, RESEARCH_LABEL);
    case 'relabel':
      await sayOnce(port, action.campaign.issue, LABEL_REMOVED, LABEL_REMOVED_TEXT);
      return port.addLabel(action.campaign.issue, RESEARCH_LABEL);
    case 'hold':
      return hold(context, action);
    case 'repeat':
      return repeat(context, snapshot, action);
    case 'dispatch':
      return dispatchTrial(context, snapshot, action);
    case 'record':
      return recordTrial(context, snapshot, action);
    case 'think':
      return think(context, snapshot, action);
    case 'open':
      return open(context, snapshot, action);
    case 'writeOff':
      return writeOff(context, snapshot, action);
    case 'restack':
      return restack(context, snapshot, action);
    case 'revise':
      return revise(context, snapshot, action);
    case 'move':
      return moveHead(port, action.experiment);
    case 'merge':
      return merge(context, snapshot, action);
    case 'close':
      return close(context, snapshot, action);
    case 'createBase':
      return createBase(context, snapshot, action.campaign);
    case 'followBase':
      return followBase(context, snapshot, action);
    case 'promote':
      return promote(context, snapshot, action);
    case 'deleteBase':
      return deleteBase(context, snapshot, action);
    case 'tidy':
      return tidy(port, action.duplicate);
    case 'clean':
      // The lists may lag behind a branch that was just made, and behind its pull request.
      if ((await port.commit(action.branch))?.sha !== action.sha) return;
      if ((await port.openPullOf(action.branch)) === null) await port.deleteBranch(action.branch);
      return;
  }
}
