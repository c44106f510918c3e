/** What an agent can change in the repository, as far as it knows before it thinks. */
import type { StartCommand } from '../../campaign/command.ts';
import type { Snapshot } from '../../campaign/model.ts';
import { worksApart } from '../../campaign/own-branch.ts';
import type { Context } from '../context.ts';
import { commentOnce } from '../replies.ts';
import { readFiles } from './candidate.ts';

/** Null for agents that find out by thinking, and where no editable file is there. */
export async function surveyOf(
  context: Context,
  snapshot: Snapshot,
  start: StartCommand,
): Promise<{ any: boolean; text: string } | null> {
  if (snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  const chosen = context.chooseAgent(contract, context.agentEnv, start.agent ?? undefined);
  if (chosen.kind === 'problem' || !chosen.agent.survey) return null;
  const { sha } = worksApart(snapshot) ? snapshot.home : snapshot.base;
  const files = await readFiles(context.port, contract.editable, sha);
  return files.size === 0 ? null : chosen.agent.survey(files);
}

/** Says it on the campaign's issue. */
export async function reportSurvey(
  context: Context,
  snapshot: Snapshot,
  issue: number,
  start: StartCommand,
): Promise<void> {
  const survey = await surveyOf(context, snapshot, start);
  if (survey) await commentOnce(context.port, issue, 'settings', survey.text);
}
