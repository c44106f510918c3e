/** `autoresearch demo`: the whole loop on this machine, with real training. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { execa } from 'execa';
import { agentChooser, agentEnvOf, modelProblem } from '../agents/create.ts';
import { isSecretName } from '../protocol/secrets.ts';
import { UsageError } from '../starter/errors.ts';
import { CHECKOUT, loadSettings, trainerEnvironment, userEnvironment } from '../starter/own-checkout.ts';
import { withAgent, withBudget, withCpuClock, withNoise } from '../starter/templates.ts';
import { sandboxProblem, WITHOUT_SANDBOX } from '../trial/probe.ts';
import { BUSY, busyShare } from './busy.ts';
import { committedContract, currentBranch, repositoryRoot } from './contract.ts';
import { CommandError, durationText, wholeNumber } from './errors.ts';
import { checkOpenFiles } from './open-files.ts';

interface DemoCommandOptions {
  budget?: string;
  port: number;
  dir: string;
  exit?: true;
  agent?: string;
  repo?: string;
  parallel?: number;
}

/** Chosen so that the demo takes less than five minutes on two cores, even beside other programs. */
const EXPERIMENTS = { usually: 4, onBusyMachine: 2 };
const DEFAULT_BUDGET = '3s';
/** Of trials with that budget: their standard deviation on two cores, with and without other programs beside them. */
const DEFAULT_NOISE = 0.02;
/** A trial of the demo uses one core. More ideas at a time would each be measured again whenever one of them is merged. */
const PARALLEL = Math.min(2, availableParallelism());
/** On a busy machine, all baselines are measured together: every process there gets the same share. */
const PARALLEL_ON_BUSY_MACHINE = 3;

/** Adds the subcommand. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'run a campaign on this machine, with a local GitHub, the real App, a runner and real training',
    )
    .argument(
      '[experiments]',
      `number of experiments (default: ${EXPERIMENTS.usually}, or ${EXPERIMENTS.onBusyMachine} on a busy machine)`,
      wholeNumber(1, 10_000),
    )
    .option('--budget <duration>', `training time of one trial (default: ${DEFAULT_BUDGET})`, durationText)
    .option(
      '--parallel <number>',
      `number of trials that run at the same time (default: ${PARALLEL}; with --repo, 1)`,
      wholeNumber(1, 64),
    )
    .option(
      '--agent <name>',
      'explore, or openai:MODEL (needs OPENAI_API_KEY or OPENAI_BASE_URL); with --repo, an agent from its contract',
    )
    .option('--repo <path>', 'use this repository instead, prepared with `autoresearch init`')
    .option('--exit', 'exit when the campaign ends; exit code 0 if every experiment has a verdict')
    .addOption(
      new Option('--port <number>', 'port of the local GitHub')
        .argParser(wholeNumber(0, 65_535))
        .default(0, 'any free port'),
    )
    .option(
      '--dir <path>',
      'directory for everything the demo writes; an earlier demo in it is deleted',
      '.autoresearch/demo',
    )
    .action(demo);
}

async function demo(wanted: number | undefined, options: DemoCommandOptions): Promise<void> {
  loadSettings();
  checkOpenFiles();
  const { claimFolder } = await import('../local/demo/folder.ts');
  const { runDemo } = await import('../local/demo/demo.ts');
  const { settingsFrom } = await import('../app/settings.ts');
  const { makeRepository, slug } = await import('../local/demo/repository.ts');
  const dir = path.resolve(options.dir);
  const own = options.repo === undefined;
  const root = own ? path.join(dir, 'seed') : await repositoryRoot(options.repo ?? '');
  const change = ownContract(options);
  if (own) await prepareTrainer();
  else await expectUsable(root, options.agent);
  const settings = settingsFrom(process.env);
  const claim = await claimFolder(dir);
  if (claim.kind === 'refused') throw new UsageError(`--dir: ${claim.problem}.`);
  if (own) await makeRepository(CHECKOUT, root, change);
  const contract = await committedContract(root);
  // Candidates without a sandbox can read the environment of every process that this one starts.
  for (const name of Object.keys(process.env)) if (isSecretName(name)) delete process.env[name];

  const { experiments, parallel } = await extent(wanted, options);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  const reason = await runDemo({
    dir,
    port: options.port,
    runners: parallel,
    from: root,
    branch: await currentBranch(root),
    own,
    name: own ? 'autoresearch-demo' : slug(path.basename(root)),
    command: comment(experiments, parallel, options),
    metric: contract.metric,
    budgetSeconds: contract.trial.budget,
    // The user's own repository brings its own Python, and its contract decides about the sandbox.
    environment: own ? await ownEnvironment() : usersEnvironment(root),
    settings,
    actionDir: CHECKOUT,
    exit: options.exit === true,
    stream: process.stdout,
    signal: stop.signal,
  });
  if (reason !== null) throw new CommandError(reason);
  process.exit(0);
}

/** The user's repository brings its own programs and packages. */
function usersEnvironment(root: string): NodeJS.ProcessEnv {
  return { ...userEnvironment(process.env), AUTORESEARCH_PACKAGES: root };
}

/** Throws if no trial of the repository could work here, with what to do. */
async function expectUsable(root: string, agent: string | undefined): Promise<void> {
  const contract = await committedContract(root);
  const chosen = agentChooser()(contract, agentEnvOf(process.env), agent);
  if (chosen.kind === 'problem') throw new UsageError(chosen.message);
  if (contract.sandbox === 'none') return;
  const problem = await sandboxProblem(usersEnvironment(root));
  if (problem !== null) throw new CommandError(`${problem} ${WITHOUT_SANDBOX}`);
}

/** PyTorch and the training text, which only the demo's own repository needs. */
async function prepareTrainer(): Promise<void> {
  const setup = path.join(CHECKOUT, 'scripts/setup.mjs');
  const { failed } = await execa(process.execPath, [setup], { stdio: 'inherit', reject: false });
  if (failed) throw new CommandError('the trainer could not be prepared, see above');
}

/** Python and data of this checkout. If no sandbox is available, the demo's own trials run without one, after a warning. */
async function ownEnvironment(): Promise<NodeJS.ProcessEnv> {
  const environment = trainerEnvironment(process.env);
  const problem = await sandboxProblem(environment);
  if (problem === null) return environment;
  console.log(`Warning: no sandbox, so the demo's trials run with your permissions. ${problem}`);
  return { ...environment, AUTORESEARCH_SANDBOX: 'optional' };
}

/** How many experiments there are, and how many at a time. If nobody says, as many as end in a few minutes here. */
async function extent(
  wanted: number | undefined,
  { repo, parallel }: DemoCommandOptions,
): Promise<{ experiments: number; parallel: number }> {
  const { usually, onBusyMachine } = EXPERIMENTS;
  if (repo !== undefined) return { experiments: wanted ?? usually, parallel: parallel ?? 1 };
  const busy = wanted === undefined ? await busyShare() : 0;
  if (busy < BUSY) return { experiments: wanted ?? usually, parallel: parallel ?? PARALLEL };
  console.log(
    `Other programs use ${Math.round(100 * busy)}% of this machine, so this is a campaign of ${onBusyMachine} experiments instead of ${usually}. \`npm run demo -- ${usually}\` runs all of them.`,
  );
  return { experiments: onBusyMachine, parallel: parallel ?? PARALLEL_ON_BUSY_MACHINE };
}

/** The comment that starts the campaign. In the demo's own repository, the contract sets the budget and the agent. */
function comment(experiments: number, parallel: number, options: DemoCommandOptions): string {
  const { repo, budget, agent } = options;
  const parts = ['/research', String(experiments), ...(parallel > 1 ? ['--parallel', String(parallel)] : [])];
  if (repo !== undefined && budget) parts.push('--budget', budget);
  if (repo !== undefined && agent) parts.push('--agent', agent);
  return parts.join(' ');
}

function ownContract({ repo, budget, agent }: DemoCommandOptions): (contract: string) => string {
  const model = /^openai:(.+)$/.exec(agent ?? '')?.[1];
  if (repo === undefined && agent !== undefined && agent !== 'explore' && model === undefined)
    throw new UsageError(`--agent: expected explore or openai:MODEL, found ${JSON.stringify(agent)}.`);
  const problem = model === undefined ? null : modelProblem(agentEnvOf(process.env));
  if (problem !== null) throw new UsageError(`--agent: openai:MODEL needs a key or a server. ${problem}`);
  return text => {
    const duration = budget ?? DEFAULT_BUDGET;
    const timed = withCpuClock(withBudget(text, duration), duration);
    const known = budget === undefined ? withNoise(timed, DEFAULT_NOISE) : timed;
    return model === undefined ? known : withAgent(known, model);
  };
}
