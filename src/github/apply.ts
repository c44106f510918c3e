/** The hands: one action of the plan becomes writes on GitHub. Each may be interrupted anywhere and done again. */

import type { Action } from '../campaign/action.ts';
import { RESEARCH_LABEL, type Snapshot } from '../campaign/model.ts';
import { trialsOf } from '../campaign/queries.ts';
import { answerCommand } from './commands.ts';
import type { Context } from './context.ts';
import { decide } from './decide.ts';
import { moveHead, propose, restack } from './propose.ts';
import { sayOnce } from './replies.ts';
import { saveState } from './state.ts';
import { dispatchTrial, recordTrial } from './trials.ts';

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
      const { state } = action.campaign;
      if (state)
        await saveState(port, snapshot, action.campaign, {
          ...state,
          phase: action.phase,
          reason: action.reason,
        });
      return;
    }
    case 'notify': {
      const { issue, state } = action.campaign;
      await sayOnce(port, issue, action.key, action.text);
      const notices = [...(state?.notices ?? []), action.key];
      const pause = action.pause ? ({ phase: 'paused', reason: action.text } as const) : {};
      if (state) await saveState(port, snapshot, action.campaign, { ...state, notices, ...pause });
      return;
    }
    case 'label':
      return port.addLabel(action.experiment.pull, RESEARCH_LABEL);
    case 'dispatch':
      return dispatchTrial(context, snapshot, action);
    case 'record':
      return recordTrial(context, snapshot, action);
    case 'propose':
      return propose(context, snapshot, action.campaign, action.number);
    case 'restack':
      return restackOrClose(context, snapshot, action);
    case 'move':
      return moveHead(port, action.experiment);
    case 'decide':
      return decide(context, snapshot, action.experiment, action.verdict, action.trials, action.unfinished);
    case 'cancel':
      return port.cancelRun(action.run.id);
    case 'clean':
      // The list of pull requests may lag behind a branch that was just made.
      if ((await port.openPullOf(action.branch)) === null) await port.deleteBranch(action.branch);
      return;
  }
}

async function restackOrClose(
  context: Context,
  snapshot: Snapshot,
  action: Extract<Action, { kind: 'restack' }>,
): Promise<void> {
  const { experiment } = action;
  if (await restack(context, snapshot, experiment)) return;
  const reason = 'The champion moved on, and the edits no longer fit its files.';
  const verdict = {
    kind: 'superseded',
    reason,
    value: null,
    championValue: null,
    noise: null,
    doubt: null,
  } as const;
  await decide(context, snapshot, experiment, verdict, trialsOf(snapshot, experiment));
}
