/** Why a campaign cannot start on this repository, checked before any machine time is spent. */
import type { StartCommand } from '../../campaign/command.ts';
import type { Snapshot } from '../../campaign/model.ts';
import { campaignBranch, worksApart } from '../../campaign/own-branch.ts';
import { CAMPAIGN_BASE, CONTRACT_PATH, type Contract } from '../../protocol/contract.ts';
import { fileObstacles, type RepositoryState, workflowPath } from '../../protocol/readiness.ts';
import { contractProblemsAnswer, missingFileReason } from '../../render/answer.ts';
import type { Context } from '../context.ts';
import type { GitHubPort } from '../port.ts';
import { surveyOf } from './survey.ts';

/** Reasons as sentences, each with what to do; empty if the campaign can start. */
export async function obstacles(
  context: Context,
  seen: Snapshot,
  issue: number,
  start: StartCommand,
): Promise<string[]> {
  const { port } = context;
  // The campaign's own branch is created from the default branch, regardless of other campaigns' branches.
  const snapshot = worksApart(seen) ? { ...seen, base: seen.home } : seen;
  const { base, contract: file } = snapshot;
  if (file.kind === 'problems') return [contractProblemsAnswer(file.problems)];
  const contract = file.kind === 'contract' ? file.contract : null;
  const workflow = workflowPath(contract);
  const workflowText = await port.file(workflow, base.sha);
  const missing = (path: string, template: string) =>
    missingFileReason(context.serverUrl, port.repository, base.branch, path, template);
  const reasons: string[] = [];
  if (contract === null) reasons.push(missing(CONTRACT_PATH, context.templates.contract));
  if (workflowText === null) reasons.push(missing(workflow, context.templates.workflow));
  const survey = await surveyOf(context, seen, start);
  if (contract !== null)
    reasons.push(
      ...(await fileObstacles(stateOf(port, snapshot), contract)),
      ...agentProblems(context, contract, start),
      ...(survey?.any === false ? [survey.text] : []),
      ...(await runnerProblems(context, contract, workflowText ?? '')),
    );
  if (!(await port.about()).squashes)
    reasons.push(
      'The App merges by squashing, which this repository does not allow. Turn on "Allow squash merging" under Settings → General → Pull Requests.',
    );
  reasons.push(...(await ruleProblems(context, snapshot, issue)));
  reasons.push(...(await branchProblems(context)));
  return reasons;
}

/** Rules that prevent merges into the base. Those of the default branch do not affect campaigns with a branch of their own. */
async function ruleProblems({ port }: Context, snapshot: Snapshot, issue: number): Promise<string[]> {
  if (worksApart(snapshot)) {
    const branch = campaignBranch(issue);
    const rules = await port.baseObstacles(branch);
    return rules.map(
      rule =>
        `Branches like \`${branch}\` have ${rule}, which the App cannot satisfy. Exclude \`research/**\` and \`research-log\` from that rule; your default branch can keep it.`,
    );
  }
  const { branch } = snapshot.base;
  const rules = await port.baseObstacles(branch);
  return rules.map(
    rule =>
      `\`${branch}\` has ${rule}, which the App cannot satisfy. Set \`base: ${CAMPAIGN_BASE}\` in \`${CONTRACT_PATH}\`: the campaign then merges into its own branch and opens one pull request for you at the end.`,
  );
}

/** The base's files. */
function stateOf(port: GitHubPort, { base }: Snapshot): RepositoryState {
  return {
    name: base.branch,
    file: path => port.look(path, base.sha),
    workflows: () => port.workflowFiles(base.sha),
  };
}

function agentProblems(context: Context, contract: Contract, start: StartCommand): string[] {
  const chosen = context.chooseAgent(contract, context.agentEnv, start.agent ?? undefined);
  return chosen.kind === 'problem' ? [chosen.message] : [];
}

/** Anyone can open pull requests on a public repository, so a self-hosted runner there needs explicit consent in the contract. */
async function runnerProblems(context: Context, contract: Contract, workflow: string): Promise<string[]> {
  if (contract.accept_public_self_hosted || !/self-hosted/.test(workflow)) return [];
  if (!(await context.port.about()).isPublic) return [];
  return [
    `This repository is public, and its trials run agents' code on a self-hosted runner. If you accept that, set \`accept_public_self_hosted: true\` in \`${CONTRACT_PATH}\`.`,
  ];
}

/** Git cannot have a branch `research/3/1` next to one named `research` or `research/3`. */
async function branchProblems({ port }: Context): Promise<string[]> {
  const names = [...(await port.branches('research')).keys()].filter(name => /^research(\/\d+)?$/.test(name));
  return names.map(
    name =>
      `The branch \`${name}\` prevents the App from creating branches named \`research/<issue>/<experiment>\`. Rename or delete it.`,
  );
}
