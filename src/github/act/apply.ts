/** Carries out one action of the plan on GitHub. Each may be interrupted at any point and done again. */

import type { Action, ActionOf } from '../../campaign/action.ts';
import { RESEARCH_LABEL, type Snapshot } from '../../campaign/model.ts';
import { paused } from '../../campaign/phase.ts';
import { quote } from '../../text/markdown.ts';
import type { Context } from '../context.ts';
import { deny } from '../denials.ts';
import type { GitHubPort } from '../port.ts';
import { commentOnce } from '../replies.ts';
import { saveState } from '../state.ts';
import { ablate } from './ablate.ts';
import { think } from './ask-agent.ts';
import { createBase, deleteBase, followBase } from './campaign-branch.ts';
import { cancelOwnTrials, close } from './close.ts';
import { answerCommand } from './commands.ts';
import { merge } from './merge.ts';
import { promote } from './promote.ts';
import { open } from './propose.ts';
import { hold } from './pull-commands.ts';
import { repeat } from './repeat.ts';
import { digest, report } from './report.ts';
import { moveHead, restack, revise } from './revise.ts';
import { credit, stack } from './stack.ts';
import { writeOff } from './thought-costs.ts';
import { tidy } from './tidy.ts';
import { dispatchTrial, recordTrial } from './trials.ts';

/** Key of the notice that the label was restored. */
const LABEL_REMOVED = 'label removed';
const LABEL_REMOVED_TEXT =
  'Restored the label `research`, which someone removed. After a restart the App finds the campaign by this label. To end the campaign, comment `/research stop`.';

/** Applies any action except `wait`. */
export async function apply(
  context: Context,
  snapshot: Snapshot,
  action: Exclude<Action, { kind: 'wait' }>,
): Promise<void> {
  const { port } = context;
  switch (action.kind) {
    case 'answer':
      return answerCommand(context, snapshot, action.command);
    case 'deny':
      return deny(port, action.issue, action.commands);
    case 'phase':
      return changePhase(context, snapshot, action);
    case 'notify':
      return notify(context, snapshot, action);
    case 'label':
      return port.addLabel(action.experiment.pull, RESEARCH_LABEL);
    case 'relabel':
      await commentOnce(port, action.campaign.issue, LABEL_REMOVED, LABEL_REMOVED_TEXT);
      return port.addLabel(action.campaign.issue, RESEARCH_LABEL);
    case 'hold':
      return hold(context, snapshot, action);
    case 'repeat':
      return repeat(context, snapshot, action);
    case 'stack':
      return stack(context, snapshot, action);
    case 'credit':
      return credit(context, action);
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
    case 'ablate':
      return ablate(context, snapshot, action);
    case 'addFinals':
      return addFinals(context, snapshot, action);
    case 'digest':
      return digest(context, snapshot, action);
    case 'report':
      return report(context, snapshot, action);
    case 'tidy':
      return tidy(port, action.duplicate);
    case 'clean':
      return clean(port, action);
  }
}

async function changePhase(
  context: Context,
  snapshot: Snapshot,
  { campaign, phase, reason, cause, reportDue }: ActionOf<'phase'>,
): Promise<void> {
  if (phase === 'stopped') await cancelOwnTrials(context, snapshot, campaign);
  await saveState(context.port, snapshot, campaign, { ...campaign.state, phase, reason, cause, reportDue });
}

/** The labels that a run waits for, and those of the runners if the App may know them. */
async function labelsSentence(port: GitHubPort, runId: number): Promise<string> {
  const [job, runners] = [await port.job(runId), await port.runners()];
  if (!job || job.labels.length === 0) return '';
  const wanted = `It needs a runner with all of these labels: ${quoted(job.labels)}.`;
  if (runners === null) return `${wanted} Compare them with Settings → Actions → Runners.`;
  if (runners.length === 0) return `${wanted} The repository has no runner online.`;
  return `${wanted} Online: ${runners.map(quoted).join('; ')}.`;
}

function quoted(labels: readonly string[]): string {
  return labels.map(label => quote(label, 50)).join(', ');
}

async function addFinals(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, finals }: ActionOf<'addFinals'>,
): Promise<void> {
  const { state } = campaign;
  await saveState(port, snapshot, campaign, { ...state, finals: [...state.finals, ...finals] });
}

async function notify(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, key, text: words, pause, queuedRun }: ActionOf<'notify'>,
): Promise<void> {
  const { issue, state } = campaign;
  const text = queuedRun === undefined ? words : `${words} ${await labelsSentence(port, queuedRun)}`.trim();
  await commentOnce(port, issue, key, text);
  if (!state) return;
  const notices = [...state.notices, key];
  await saveState(port, snapshot, campaign, { ...state, notices, ...(pause ? paused(text) : {}) });
}

async function clean(port: GitHubPort, { branch, sha }: ActionOf<'clean'>): Promise<void> {
  // Lists may not show a new branch or its pull request yet.
  if ((await port.commit(branch))?.sha !== sha) return;
  if ((await port.openPullOf(branch)) === null) await port.deleteBranch(branch);
}
