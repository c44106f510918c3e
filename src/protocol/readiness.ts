/** Whether a repository's files allow a campaign. The App asks GitHub for them and the commands ask git, so that all say the same. */
import { type AgentConfig, abilitiesOf } from './agents.ts';
import { CONTRACT_PATH, type Contract } from './contract.ts';
import { timeoutOf, writeDuration } from './duration.ts';
import { MOST_FILE_BYTES, type RepositoryFile } from './repository-file.ts';
import { readYaml } from './yaml.ts';

/** One state of a repository. */
export interface RepositoryState {
  /** For sentences: `main`. */
  name: string;
  file(path: string): Promise<RepositoryFile | null>;
  /** Paths of the files in .github/workflows. */
  workflows(): Promise<string[]>;
}

const WORKFLOWS = '.github/workflows';
/** Inputs that the campaign's workflow must accept. */
const WORKFLOW_INPUTS = ['trial', 'base', 'candidate', 'seed', 'budget', 'timeout'];
/** Triggers that ignore `[skip ci]` and run on or with a candidate's code. */
const UNSKIPPABLE_TRIGGERS = ['pull_request_target', 'create'];
/** GitHub lets workflows share steps. */
const WORKFLOW_ALIASES = 100;
const MOST_LISTED = 5;

export function workflowPath(contract: Pick<Contract, 'trial'> | null): string {
  return `${WORKFLOWS}/${contract?.trial.workflow ?? 'experiment.yml'}`;
}

/** Reasons as sentences in Markdown, each with what to do; empty if a campaign can start. A missing workflow is none of them. */
export async function fileObstacles(state: RepositoryState, contract: Contract): Promise<string[]> {
  const path = workflowPath(contract);
  const workflow = await state.file(path);
  return [
    ...(workflow === null ? [] : workflowProblems(path, textOf(workflow), contract)),
    ...(await listedFiles(state, contract)),
    ...(await foreignWorkflows(state, path)),
  ];
}

async function listedFiles(state: RepositoryState, contract: Contract): Promise<string[]> {
  const listed = (path: string, key: string) => `\`${CONTRACT_PATH}\` lists \`${path}\` under \`${key}\``;
  const absent = `but there is no such file on \`${state.name}\`. Correct the path or add the file.`;
  const reasons: string[] = [];
  for (const path of contract.editable) {
    const file = await state.file(path);
    const problem = file === null ? absent : unfitReason(file);
    if (problem !== null) reasons.push(`${listed(path, 'editable')}, ${problem}`);
  }
  const isRead = contract.agents.some((agent: AgentConfig) => abilitiesOf(agent).readsBrief);
  if (isRead && (await state.file(contract.brief)) === null)
    reasons.push(`${listed(contract.brief, 'brief')}, ${absent}`);
  return reasons;
}

/** Why an experiment cannot change something in the repository; null if it can. */
function unfitReason(file: RepositoryFile): string | null {
  if (file.kind === 'text') return null;
  if (file.kind === 'other') return `which is ${file.what}. Experiments can only change text files in UTF-8.`;
  if (file.kind === 'large')
    return `which has ${file.bytes} bytes. Experiments can only change files of at most ${MOST_FILE_BYTES} bytes.`;
  const shown = file.files.slice(0, MOST_LISTED).map(name => `\`${name}\``);
  const list = `${shown.join(', ')}${file.files.length > MOST_LISTED ? ' …' : ''}`;
  return `which is a folder. List the files that experiments may change${list === '' ? '' : `: ${list}`}.`;
}

function workflowProblems(path: string, text: string, { trial, ladder }: Contract): string[] {
  const workflow = readWorkflow(text);
  if (workflow === null)
    return [`\`${path}\` is not a valid workflow. \`autoresearch init --force\` writes a new one.`];
  const dispatch = workflow.triggers.get('workflow_dispatch');
  const inputs = isRecord(dispatch) && isRecord(dispatch.inputs) ? Object.keys(dispatch.inputs) : [];
  const lacking = WORKFLOW_INPUTS.filter(input => !inputs.includes(input));
  const reasons = [];
  if (lacking.length > 0)
    reasons.push(
      `\`${path}\` must accept the inputs ${lacking.map(input => `\`${input}\``).join(', ')} under \`on: workflow_dispatch\`. \`autoresearch init --force\` writes a new one.`,
    );
  const shortest = Math.min(...workflow.minutes);
  const limit = `\`${path}\` ends a job after ${shortest} minutes (\`timeout-minutes\`)`;
  if (60 * shortest < trial.timeout)
    reasons.push(
      `${limit}, but \`trial.timeout\` is ${writeDuration(trial.timeout)}. Raise one or lower the other.`,
    );
  const longest = Math.max(...ladder.map(({ budget }) => budget));
  const needed = timeoutOf(trial, longest);
  if (ladder.length > 0 && 60 * shortest < needed)
    reasons.push(
      `${limit}, but a trial of ${writeDuration(longest)} (\`ladder\`) may take ${Math.ceil(needed / 60)} minutes. Raise \`timeout-minutes\` or shorten the ladder.`,
    );
  return reasons;
}

/** Other workflows of the repository that candidates would trigger. */
async function foreignWorkflows(state: RepositoryState, own: string): Promise<string[]> {
  const reasons: string[] = [];
  for (const path of await state.workflows()) {
    if (path === own) continue;
    const file = await state.file(path);
    const triggers = file === null ? null : readWorkflow(textOf(file))?.triggers;
    for (const trigger of UNSKIPPABLE_TRIGGERS)
      if (triggers?.has(trigger))
        reasons.push(
          `\`${path}\` runs on \`${trigger}\`, so it would run for every experiment. Remove that trigger, or use a separate repository for campaigns.`,
        );
  }
  return reasons;
}

function textOf(file: RepositoryFile): string {
  return file.kind === 'text' ? file.text : '';
}

interface Workflow {
  /** With their options. */
  triggers: Map<string, unknown>;
  /** After which each job is ended. */
  minutes: number[];
}

/** Null if the text is not a workflow. */
function readWorkflow(text: string): Workflow | null {
  const yaml = readYaml(text, { aliases: WORKFLOW_ALIASES });
  if (yaml.kind === 'problem' || !isRecord(yaml.value)) return null;
  const triggers = triggersOf(yaml.value.on);
  const jobs = isRecord(yaml.value.jobs) ? Object.values(yaml.value.jobs) : [];
  const minutes = jobs.flatMap(job => {
    const limit = isRecord(job) ? job['timeout-minutes'] : undefined;
    return typeof limit === 'number' ? [limit] : [];
  });
  return triggers === null ? null : { triggers, minutes };
}

function triggersOf(on: unknown): Map<string, unknown> | null {
  if (typeof on === 'string') return new Map([[on, null]]);
  if (Array.isArray(on)) return new Map(on.flatMap(name => (typeof name === 'string' ? [[name, null]] : [])));
  return isRecord(on) ? new Map(Object.entries(on)) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
