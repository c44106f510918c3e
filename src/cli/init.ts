/** `autoresearch init`: writes contract and workflow into the user's repository. */
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { settingsIn, settingsText } from '../agents/settings.ts';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { describeProblem, parseContract } from '../protocol/contract-file.ts';
import { fileObstacles } from '../protocol/readiness.ts';
import { visible } from '../protocol/visible.ts';
import { UsageError } from '../starter/errors.ts';
import { CHECKOUT } from '../starter/own-checkout.ts';
import {
  type ContractValues,
  contractText,
  DEFAULT_ACTION,
  DEFAULTS,
  starterBrief,
  workflowText,
} from '../starter/templates.ts';
import { currentBranch, listed } from './contract.ts';
import { durationText } from './errors.ts';
import { stateOnDisk } from './repository-state.ts';

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
    .description(`write ${CONTRACT_PATH} and ${WORKFLOW_PATH} into your git repository`)
    .argument('[path]', 'root of the repository (default: the current directory)')
    .option('--editable <path...>', 'the only files that experiments may change', [...DEFAULTS.editable])
    .option(
      '--metric <name>',
      'the number to improve, read from the last line `<name>: <number>` of the output',
      DEFAULTS.metric,
    )
    .option(
      '--pattern <expression>',
      'read the number from the last line that matches this regular expression; its only group is the number',
    )
    .option('--file <path>', 'read the number from this JSON file, which the command writes below $TMPDIR')
    .option('--key <key>', 'key of the number in --file, such as latency.p99')
    .option('--goal <goal>', 'minimize or maximize', DEFAULTS.goal)
    .option('--command <command>', 'command that measures, started in the root', DEFAULTS.command)
    .option(
      '--readable <path...>',
      'further paths that the command may read, such as ~/.cache/autoresearch; the rest of the home directory is hidden',
    )
    .option(
      '--budget <duration>',
      'training time of one trial, such as 90s, 5m or 1h',
      durationText,
      DEFAULTS.budget,
    )
    .option('--base <branch>', 'branch that improvements are merged into (default: the current branch)')
    .option(
      '--brief <path>',
      'instructions for the agents; a template is written if the file does not exist',
      DEFAULTS.brief,
    )
    .option('--action <owner/repo@ref>', 'action that measures (default: the origin of this checkout, at v1)')
    .option('--force', 'overwrite existing files')
    .action(init);
}

async function init(target: string | undefined, options: InitOptions): Promise<void> {
  const root = path.resolve(target ?? '.');
  if (target === undefined && root === CHECKOUT)
    throw new UsageError(
      `Expected the path of your repository, found none; ${root} is autoresearch-bot itself.`,
    );
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
  const reasons = await fileObstacles(stateOnDisk(root, files), parsed.contract);
  if (reasons.length > 0) throw new UsageError(listed(reasons));
  if (!options.force) await expectAbsent(root, [...files.keys()]);
  if (!(await exists(path.join(root, options.brief)))) files.set(options.brief, starterBrief(values));
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  const absent = await missingFrom(root, options.editable);
  console.log(nextSteps(root, [...files.keys()], absent, action, values.base));
  if (absent.length < options.editable.length) console.log(`\n${await survey(root, options.editable)}`);
}

/** What the built-in agent, which the contract names, can change. */
async function survey(root: string, editable: readonly string[]): Promise<string> {
  const files = new Map<string, string>();
  for (const file of editable) {
    const text = await readFile(path.join(root, file), 'utf8').catch(() => null);
    if (text !== null) files.set(file, text);
  }
  return settingsText(settingsIn(files), [...files.keys()], visible);
}

function nextSteps(root: string, files: string[], absent: string[], action: string, base: string): string {
  const steps = [
    ...(absent.length > 0
      ? [`Add ${absent.join(', ')}: listed as editable, but not in the repository yet.`]
      : []),
    ...(action === DEFAULT_ACTION
      ? [`In ${WORKFLOW_PATH}, replace OWNER with the GitHub account that hosts autoresearch-bot.`]
      : []),
    `Commit and push to ${base}:  git add ${files.join(' ')} && git commit -m "Let experiments run" && git push`,
    'Install the GitHub App on the repository and register a self-hosted runner with the label `gpu`.',
    'Comment on an issue:  /research 50',
    `Or try it on this machine first:  ${ownCommand(`demo --repo ${root}`)}`,
  ];
  const written = files.map(file => `  ${file}`).join('\n');
  return `Wrote to ${root}:\n${written}\n\nNext:\n${steps.map((step, i) => `  ${i + 1}. ${step}`).join('\n')}`;
}

/** A command of this clone, as it works from anywhere: nothing puts `autoresearch` on the PATH. */
function ownCommand(words: string): string {
  return `npm --prefix ${path.resolve(import.meta.dirname, '../..')} run autoresearch -- ${words}`;
}

/** The shell has replaced `~` with the user's home directory, which may be another one on the runner. */
function withHome(paths: readonly string[] = []): string[] {
  return paths.map(each => (each.startsWith(`${homedir()}/`) ? `~${each.slice(homedir().length)}` : each));
}

async function expectRoot(root: string): Promise<void> {
  const isDirectory = await stat(root).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) throw new UsageError(`Expected a directory at ${root}, found none.`);
  const git = { cwd: root, reject: false } as const;
  const { exitCode, stdout } = await execa('git', ['rev-parse', '--show-toplevel'], git);
  if (exitCode !== 0)
    throw new UsageError(`Expected a git repository at ${root}, found none. Run \`git init\` there first.`);
  if (path.relative(stdout, root) !== '' && !(await exists(path.join(root, '.git'))))
    throw new UsageError(
      `Expected the root of the repository (${stdout}), found a directory inside it: ${root}.`,
    );
}

async function expectAbsent(root: string, files: string[]): Promise<void> {
  const present: string[] = [];
  for (const file of files) if (await exists(path.join(root, file))) present.push(file);
  if (present.length > 0)
    throw new UsageError(
      `${present.join(' and ')} already ${present.length === 1 ? 'exists' : 'exist'}; use --force to overwrite.`,
    );
}

async function missingFrom(root: string, files: string[]): Promise<string[]> {
  const found = await Promise.all(files.map(file => exists(path.join(root, file))));
  return files.filter((_, i) => !found[i]);
}

/** The action's repository on GitHub, if this checkout's origin is one. */
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
