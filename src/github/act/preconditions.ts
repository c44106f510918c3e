/** Why a campaign cannot start on this repository, checked before any machine time is spent. */
import { load } from 'js-yaml';
import type { StartCommand } from '../../campaign/command.ts';
import type { Snapshot } from '../../campaign/model.ts';
import { campaignBranch, worksApart } from '../../campaign/own-branch.ts';
import { CAMPAIGN_BASE, CONTRACT_PATH, type Contract } from '../../protocol/contract.ts';
import { contractProblemsAnswer, missingFileReason } from '../../render/answer.ts';
import type { Context } from '../context.ts';
import { surveyOf } from './survey.ts';

/** Inputs that the campaign's workflow must accept. */
const WORKFLOW_INPUTS = ['trial', 'base', 'candidate', 'seed', 'budget', 'timeout'];
/** Triggers that ignore `[skip ci]` and run on or with a candidate's code. */
const UNSKIPPABLE_TRIGGERS = ['pull_request_target', 'create'];

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
  const workflow = file.kind === 'contract' ? file.contract.trial.workflow : 'experiment.yml';
  const workflowPath = `.github/workflows/${workflow}`;
  const workflowText = await port.file(workflowPath, base.sha);
  const missing = (path: string, template: string) =>
    missingFileReason(context.serverUrl, port.repository, base.branch, path, template);
  const reasons: string[] = [];
  if (file.kind === 'missing') reasons.push(missing(CONTRACT_PATH, context.templates.contract));
  if (workflowText === null) reasons.push(missing(workflowPath, context.templates.workflow));
  else reasons.push(...workflowProblems(workflowPath, workflowText));
  const survey = await surveyOf(context, seen, start);
  if (file.kind === 'contract')
    reasons.push(
      ...(await missingFiles(context, snapshot, file.contract)),
      ...agentProblems(context, file.contract, start),
      ...(survey?.any === false ? [survey.text] : []),
      ...(await runnerProblems(context, file.contract, workflowText ?? '')),
    );
  if (!(await port.about()).squashes)
    reasons.push(
      'The App merges by squashing, which this repository does not allow. Turn on "Allow squash merging" under Settings → General → Pull Requests.',
    );
  reasons.push(...(await ruleProblems(context, snapshot, issue)));
  reasons.push(...(await branchProblems(context)));
  reasons.push(...(await foreignWorkflows(context, snapshot, workflowPath)));
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

function workflowProblems(path: string, text: string): string[] {
  const triggers = triggersOf(text);
  if (triggers === null)
    return [`\`${path}\` is not a valid workflow. \`autoresearch init --force\` writes a new one.`];
  const dispatch = triggers.get('workflow_dispatch');
  const inputs = isRecord(dispatch) && isRecord(dispatch.inputs) ? Object.keys(dispatch.inputs) : [];
  const lacking = WORKFLOW_INPUTS.filter(input => !inputs.includes(input));
  if (lacking.length === 0) return [];
  return [
    `\`${path}\` must accept the inputs ${lacking.map(input => `\`${input}\``).join(', ')} under \`on: workflow_dispatch\`. \`autoresearch init --force\` writes a new one.`,
  ];
}

async function missingFiles(context: Context, snapshot: Snapshot, contract: Contract): Promise<string[]> {
  const reasons: string[] = [];
  for (const [key, path] of [
    ...contract.editable.map(path => ['editable', path] as const),
    ['brief', contract.brief] as const,
  ])
    if ((await context.port.file(path, snapshot.base.sha)) === null)
      reasons.push(
        `\`${CONTRACT_PATH}\` lists \`${path}\` under \`${key}\`, but there is no such file on \`${snapshot.base.branch}\`. Correct the path or add the file.`,
      );
  return reasons;
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

/** Other workflows of the repository that candidates would trigger. */
async function foreignWorkflows(context: Context, snapshot: Snapshot, own: string): Promise<string[]> {
  const reasons: string[] = [];
  for (const path of await context.port.workflowFiles(snapshot.base.sha)) {
    if (path === own) continue;
    const triggers = triggersOf((await context.port.file(path, snapshot.base.sha)) ?? '');
    for (const trigger of UNSKIPPABLE_TRIGGERS)
      if (triggers?.has(trigger))
        reasons.push(
          `\`${path}\` runs on \`${trigger}\`, so it would run for every experiment. Remove that trigger, or use a separate repository for campaigns.`,
        );
  }
  return reasons;
}

/** A workflow's triggers with their options; null if the file is not a workflow. */
function triggersOf(text: string): Map<string, unknown> | null {
  let workflow: unknown;
  try {
    workflow = load(text);
  } catch {
    return null;
  }
  const on = isRecord(workflow) ? workflow.on : undefined;
  if (typeof on === 'string') return new Map([[on, null]]);
  if (Array.isArray(on)) return new Map(on.map(name => [String(name), null]));
  return isRecord(on) ? new Map(Object.entries(on)) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
