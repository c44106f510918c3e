/** `autoresearch init`: writes contract and workflow into a repository of the user's. */
import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { describeProblem, parseContract } from '../protocol/contract-file.ts';
import { UsageError } from '../starter/errors.ts';
import {
  type ContractValues,
  contractText,
  DEFAULT_ACTION,
  DEFAULTS,
  starterBrief,
  workflowText,
} from '../starter/templates.ts';
import { currentBranch } from './contract.ts';
import { durationText } from './errors.ts';

interface InitOptions {
  editable: string[];
  metric: string;
  goal: string;
  pattern?: string;
  file?: string;
  key?: string;
  readable?: string[];
  command: string;
  budget: string;
  base?: string;
  brief: string;
  action?: string;
  force?: true;
}

const WORKFLOW_PATH = '.github/workflows/experiment.yml';

/** Adds the subcommand. */
export function addInit(program: Command): void {
  program
    .command('init')
    .description(`write ${CONTRACT_PATH} and ${WORKFLOW_PATH} into a git repository of yours`)
    .argument('[path]', 'the repository', '.')
    .option('--editable <path...>', 'the only files an experiment may change', [...DEFAULTS.editable])
    .option(
      '--metric <name>',
      'the number that decides: the last line `<name>: <number>` of the output',
      DEFAULTS.metric,
    )
    .option(
      '--pattern <expression>',
      'a regular expression whose only group is the number in such a line instead',
    )
    .option('--file <path>', 'a JSON file with the number instead, which the command writes below $TMPDIR')
    .option('--key <key>', 'where the number stands in --file, such as latency.p99')
    .option('--goal <goal>', 'minimize or maximize', DEFAULTS.goal)
    .option('--command <command>', 'what measures, started in the root', DEFAULTS.command)
    .option(
      '--readable <path...>',
      'what the command may read beside the repository, such as ~/.cache/autoresearch; nothing else of home is there',
    )
    .option(
      '--budget <duration>',
      'training time of one trial, such as 90s, 5m or 1h',
      durationText,
      DEFAULTS.budget,
    )
    .option('--base <branch>', 'branch that improvements are merged into (default: the current one)')
    .option(
      '--brief <path>',
      'what the agents are told; a start of one is written if it is not there',
      DEFAULTS.brief,
    )
    .option(
      '--action <owner/repo@ref>',
      'the action that measures (default: the origin of this checkout, at v1)',
    )
    .option('--force', 'overwrite what is there')
    .action(init);
}

async function init(target: string, options: InitOptions): Promise<void> {
  const root = path.resolve(target);
  await expectRoot(root);
  const action = options.action ?? (await ownAction());
  const values: ContractValues = {
    editable: options.editable,
    metric: options.metric,
    goal: options.goal,
    pattern: options.pattern,
    file: options.file,
    key: options.key,
    budget: options.budget,
    base: options.base ?? (await currentBranch(root)),
    brief: options.brief,
  };
  const contract = contractText(values);
  const parsed = parseContract(contract);
  if (parsed.kind === 'problems')
    throw new UsageError(parsed.problems.map(problem => describeProblem(problem)).join('; '));
  const files = new Map([
    [CONTRACT_PATH, contract],
    [WORKFLOW_PATH, workflowText({ action, command: options.command, readable: withHome(options.readable) })],
  ]);
  if (!options.force) await expectAbsent(root, [...files.keys()]);
  if (!(await exists(path.join(root, options.brief)))) files.set(options.brief, starterBrief(values));
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  const absent = await missingFrom(root, options.editable);
  console.log(nextSteps(root, [...files.keys()], absent, action, values.base));
}

function nextSteps(root: string, files: string[], absent: string[], action: string, base: string): string {
  const steps = [
    ...(absent.length > 0 ? [`Add ${absent.join(', ')}: named as editable, and not there yet.`] : []),
    ...(action === DEFAULT_ACTION
      ? [`In ${WORKFLOW_PATH}, replace OWNER by the GitHub account that holds autoresearch-bot.`]
      : []),
    `Commit and push to ${base}:  git add ${files.join(' ')} && git commit -m "Let experiments run" && git push`,
    'Install the GitHub App on the repository, and register a self-hosted runner with the label `gpu`.',
    'Comment on an issue:  /research 50',
    `Or try it on this machine first:  autoresearch demo --repo ${root}`,
  ];
  const written = files.map(file => `  ${file}`).join('\n');
  return `Written to ${root}:\n${written}\n\nNext:\n${steps.map((step, i) => `  ${i + 1}. ${step}`).join('\n')}`;
}

/** A shell has replaced `~` by the home of whoever typed it; on the runner's machine it may be another one. */
function withHome(paths: readonly string[] = []): string[] {
  return paths.map(each => (each.startsWith(`${homedir()}/`) ? `~${each.slice(homedir().length)}` : each));
}

async function expectRoot(root: string): Promise<void> {
  const isDirectory = await stat(root).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) throw new UsageError(`Expected a directory, found nothing at ${root}.`);
  const git = { cwd: root, reject: false } as const;
  const { exitCode, stdout } = await execa('git', ['rev-parse', '--show-toplevel'], git);
  if (exitCode !== 0)
    throw new UsageError(`Expected a git repository at ${root}; run \`git init\` there first.`);
  if (path.relative(stdout, root) !== '' && !(await exists(path.join(root, '.git'))))
    throw new UsageError(
      `Expected the root of the repository, ${stdout}, found a directory inside it: ${root}.`,
    );
}

async function expectAbsent(root: string, files: string[]): Promise<void> {
  const present: string[] = [];
  for (const file of files) if (await exists(path.join(root, file))) present.push(file);
  if (present.length > 0)
    throw new UsageError(`${present.join(' and ')} already there; use --force to overwrite.`);
}

async function missingFrom(root: string, files: string[]): Promise<string[]> {
  const found = await Promise.all(files.map(file => exists(path.join(root, file))));
  return files.filter((_, i) => !found[i]);
}

/** Where the action lives on GitHub, as far as this checkout's remote tells. */
async function ownAction(): Promise<string> {
  const { stdout } = await execa('git', ['remote', 'get-url', 'origin'], {
    cwd: import.meta.dirname,
    reject: false,
  });
  const name = /github\.com[/:]([\w.-]+\/[\w.-]+?)(\.git)?$/.exec(stdout?.trim() ?? '')?.[1];
  return name ? `${name}@v1` : DEFAULT_ACTION;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
