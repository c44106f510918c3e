/** Contract and workflow for other repositories, derived from this repository's own, so that each text exists only once. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { defaultTimeout, writeDuration } from '../protocol/duration.ts';
import { secondsOf, UsageError } from './errors.ts';
import { CHECKOUT } from './own-checkout.ts';

export interface ContractValues {
  editable: readonly string[];
  metric: string;
  goal: string;
  /** Where the number is read from: a line that `pattern` matches, `key` in the JSON `file`, or the line `<name>: <number>` if neither is given. */
  pattern?: string | undefined;
  file?: string | undefined;
  key?: string | undefined;
  /** In the form that `durationText` accepts. */
  budget: string;
  base: string;
  brief: string;
}

/** The action if the GitHub account that hosts it is unknown. */
export const DEFAULT_ACTION = 'OWNER/autoresearch-bot@v1';

/** This repository's contract with other values and a reported metric. Everything else stays, comments included. */
export function contractText(values: ContractValues): string {
  const { pattern, file, key } = values;
  const source = Object.entries({ pattern, file, key }).flatMap(([name, value]) =>
    value === undefined ? [] : [`\n  ${name}: ${scalar(value)}`],
  );
  const lines: [RegExp, string][] = [
    [/^# The contract of a campaign.*$/m, '# The contract of a campaign. Every key is optional.'],
    [/^editable: .*$/m, `editable: [${values.editable.map(scalar).join(', ')}]`],
    [/^brief: .*$/m, `brief: ${scalar(values.brief)}`],
    [/^ {2}name: val_bpb$/m, `  name: ${scalar(values.metric)}`],
    [
      /^ {2}goal: minimize (.*)\n {2}referee: .*$/m,
      `  goal: ${scalar(values.goal)} # minimize or maximize${source.join('')}`,
    ],
    [
      /^# The number to improve\.(?:.*\n# ?)*.*$/m,
      `# The number to improve. It is read from the last output line \`<name>: <number>\`; or from the last line that the\n# regular expression \`pattern\` matches, where its only group is the number; or from \`key\` (such as latency.p99) in\n# the JSON \`file\`, which the command writes below $TMPDIR.`,
    ],
    // Only a referee counts CPU seconds.
    [/^ {2}clock: .*\n/m, ''],
    [/^base: .*$/m, `base: ${scalar(values.base)}`],
  ];
  return withBudget(replaceEach(ownFile(CONTRACT_PATH), CONTRACT_PATH, lines), values.budget);
}

/** A contract's text with another training time, and a timeout that leaves room for start-up and scoring. */
export function withBudget(contract: string, budget: string): string {
  return replaceEach(contract, CONTRACT_PATH, [
    [/^ {2}budget: \S+/m, `  budget: ${budget}`],
    [/^ {2}timeout: \S+/m, `  timeout: ${writeDuration(defaultTimeout(secondsOf(budget)))}`],
  ]);
}

/** A contract's text for a machine that may be busy: the budget is counted in CPU seconds, and there is more time for everything. */
export function withCpuClock(contract: string, budget: string): string {
  const timeout = Math.min(86_400, defaultTimeout(secondsOf(budget)) + BUSY_SECONDS);
  return replaceEach(contract, CONTRACT_PATH, [
    [/^ {2}clock: \S+/m, '  clock: cpu'],
    [/^ {2}timeout: \S+/m, `  timeout: ${writeDuration(timeout)}`],
  ]);
}

/** What start-up and scoring may take longer on a busy machine. */
const BUSY_SECONDS = 240;

/** A contract's text for trials of the same code that differ by this standard deviation. */
export function withNoise(contract: string, noise: number): string {
  return replaceEach(contract, CONTRACT_PATH, [[/^ {2}noise: null/m, `  noise: ${noise}`]]);
}

/** A contract's text with a language model as its only agent. */
export function withAgent(contract: string, model: string): string {
  const agent = `  - {name: model, use: openai, model: ${JSON.stringify(model)}}`;
  return replaceEach(contract, CONTRACT_PATH, [[/^ {2}- \{name: explore, use: explore\}$/m, agent]]);
}

export interface WorkflowValues {
  action: string;
  command: string;
  /** Further paths that the candidate may read: absolute, or below `~`. */
  readable?: readonly string[];
}

/** This repository's workflow, using the published action instead of the one in the base's checkout. */
export function workflowText({ action, command, readable = [] }: WorkflowValues): string {
  if (!/^[\w.-]+\/[\w.-]+(\/[\w./-]+)?@[\w./-]+$/.test(action))
    throw new UsageError(`--action: expected owner/repo@ref, found ${JSON.stringify(action)}.`);
  if (command.trim() === '' || /[\n\r]|\$\{\{/.test(command))
    throw new UsageError(
      `--command: expected one line without workflow expressions, found ${JSON.stringify(command)}.`,
    );
  const wrong = readable.find(path => !/^(?:\/|~\/)[^\n\r]*$/.test(path) || path.includes('${{'));
  if (wrong !== undefined)
    throw new UsageError(
      `--readable: expected an absolute path or a path below ~, found ${JSON.stringify(wrong)}.`,
    );
  const more =
    readable.length === 0
      ? ''
      : `\n          readable: |${readable.map(each => `\n            ${each}`).join('')}`;
  const file = '.github/workflows/experiment.yml';
  return replaceEach(ownFile(file), file, [
    [/^ {6}- name: Prepare the training text.*\n.*\n/m, ''],
    [
      /^ {8}uses: \.\/base\n {8}with:$/m,
      `        uses: ${action}\n        with:\n          command: ${JSON.stringify(command)}${more}`,
    ],
  ]);
}

/** A template of the brief for the agents, to be filled in by someone who knows the task. */
export function starterBrief({ editable, metric, goal, budget }: ContractValues): string {
  return `# What to improve

Make \`${metric}\` ${goal === 'maximize' ? 'higher' : 'lower'} by changing ${editable.map(file => `\`${file}\``).join(', ')}. Training stops after ${budget}.

- What the program does, and on which data:
- What must not change:
- What has been tried, with which result:
- Ideas worth trying:
`;
}

function ownFile(file: string): string {
  return readFileSync(path.join(CHECKOUT, file), 'utf8');
}

function replaceEach(text: string, file: string, lines: readonly [RegExp, string][]): string {
  let result = text;
  for (const [pattern, replacement] of lines) {
    if (!pattern.test(result)) throw new Error(`Expected a line like ${pattern} in ${file}, found none.`);
    result = result.replace(pattern, () => replacement);
  }
  return result;
}

/** A YAML scalar: plain if YAML reads it as the same text, quoted otherwise. */
function scalar(text: string): string {
  return /^[A-Za-z_][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** What `init` writes by default. */
export const DEFAULTS = {
  editable: ['train.py'],
  metric: 'val_loss',
  goal: 'minimize',
  budget: '5m',
  brief: 'program.md',
  command: 'python3 train.py',
} as const;

/** Contract and workflow as `init` writes them by default, for repositories that have none. */
export function starterTemplates(): { contract: string; workflow: string } {
  return {
    contract: contractText({ ...DEFAULTS, base: 'main' }),
    workflow: workflowText({ action: DEFAULT_ACTION, command: DEFAULTS.command }),
  };
}
