/** `autoresearch doctor`: checks this machine, and says what is missing and how to install it. */
import { constants } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { agentEnvOf, modelProblem } from '../agents/create.ts';
import { settingsFrom } from '../app/settings.ts';
import { CHECKOUT, loadSettings, trainerEnvironment } from '../starter/own-checkout.ts';
import { sandboxProblem, WITHOUT_SANDBOX } from '../trial/probe.ts';
import { examineCommit, repositoryRoot } from './contract.ts';
import { addressFrom, credentialsFrom } from './credentials.ts';
import { CommandError } from './errors.ts';

interface Finding {
  /** `missing` is required and makes the command fail; `optional` is nice to have. */
  state: 'fine' | 'missing' | 'optional';
  what: string;
  /** What was found, or what to do if nothing was. */
  detail: string;
}

const NOT_NEEDED = 'for the demo and the trainer; other repositories bring their own';
/** From the package's metadata: importing torch takes seconds, and fails where its libraries do. */
const TORCH_VERSION = 'from importlib.metadata import version; print(version("torch"))';

const MARKS = { fine: '✓', missing: '✗', optional: '–' } as const;

/** Adds the subcommand. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'check this machine (Node, git, Python, PyTorch, GPU, sandbox, data, settings) and a repository',
    )
    .argument('[path]', 'the repository', '.')
    .action(async (target: string) => {
      loadSettings();
      const findings = [...(await examine()), ...(await repository(target))];
      for (const { state, what, detail } of findings)
        console.log(`${MARKS[state]} ${what.padEnd(14)} ${detail}`);
      const missing = findings.filter(finding => finding.state === 'missing');
      if (missing.length > 0)
        throw new CommandError(
          `missing: ${[...new Set(missing.map(finding => finding.what))].join(', ')}. See the lines marked ${MARKS.missing} above.`,
        );
    });
}

/** Runs all checks; never throws. */
async function examine(): Promise<Finding[]> {
  const python = path.join(CHECKOUT, '.venv/bin/python');
  return Promise.all([
    node(),
    tool('npm', ['npm', '--version'], 'it comes with Node: https://nodejs.org'),
    git(),
    trainer('python', [python, '--version'], '`npm run setup` creates .venv'),
    trainer('torch', [python, '-c', TORCH_VERSION], '`npm run setup` installs PyTorch into .venv'),
    gpu(),
    sandbox(),
    data(),
    port(),
    credentials(),
    agentKey(),
  ]);
}

/** Whether a campaign can start in the repository around `target`, as the App would say. */
async function repository(target: string): Promise<Finding[]> {
  const what = 'repository';
  const root = await repositoryRoot(target).catch(() => null);
  if (root === null)
    return [
      { state: 'optional', what, detail: `no git repository with a commit at ${path.resolve(target)}` },
    ];
  const { hasContract, reasons, lacksWorkflow } = await examineCommit(root);
  const all = [...lacksWorkflow, ...reasons];
  if (all.length === 0) return [{ state: 'fine', what, detail: `${root} is ready for campaigns` }];
  // Any folder may be one in which nobody wants a campaign.
  const state = hasContract ? 'missing' : 'optional';
  return all.map(detail => ({ state, what, detail }));
}

async function node(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 22 || (major === 22 && minor >= 18);
  const detail = enough
    ? process.versions.node
    : `found ${process.versions.node}, expected 22.18 or newer, which runs TypeScript directly: https://nodejs.org`;
  return { state: enough ? 'fine' : 'missing', what: 'node', detail };
}

async function git(): Promise<Finding> {
  const version = (await output(['git', '--version']))?.replace('git version ', '');
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version !== undefined && (major > 2 || (major === 2 && minor >= 38)))
    return { state: 'fine', what: 'git', detail: version };
  const found = version === undefined ? 'not found' : `found ${version}`;
  return { state: 'missing', what: 'git', detail: `${found}, expected 2.38 or newer: https://git-scm.com` };
}

async function gpu(): Promise<Finding> {
  const found = await output(['nvidia-smi', '--query-gpu=name,memory.total', '--format=csv,noheader']);
  const detail = found?.split('\n').join(' · ') ?? 'none found; trials train a smaller model on the CPU';
  return { state: found === null ? 'optional' : 'fine', what: 'GPU', detail };
}

/** Bubblewrap may be installed but not permitted, so this starts it the way a trial does. */
async function sandbox(): Promise<Finding> {
  const what = 'sandbox';
  const problem = await sandboxProblem(trainerEnvironment(process.env));
  if (problem === null) return { state: 'fine', what, detail: 'bubblewrap works' };
  const own = 'Only `demo` without --repo continues without one, after a warning.';
  return { state: 'optional', what, detail: `${problem} ${WITHOUT_SANDBOX} ${own}` };
}

async function data(): Promise<Finding> {
  const what = 'data';
  const directory = process.env.AUTORESEARCH_DATA ?? path.join(CHECKOUT, '.autoresearch/data');
  const there = await access(directory, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (there) return { state: 'fine', what, detail: directory };
  return {
    state: 'optional',
    what,
    detail: `${directory} not found; \`npm run setup\` prepares it (${NOT_NEEDED})`,
  };
}

/** Whether webhooks, or the page that creates the App, can be served. */
async function port(): Promise<Finding> {
  const what = 'port';
  try {
    const { port: number, host } = addressFrom(process.env);
    const free = await new Promise<boolean>(resolve => {
      const server = createServer()
        .once('error', () => resolve(false))
        .listen(number, host, () => server.close(() => resolve(true)));
    });
    const detail = free
      ? `${number} is free`
      : `${number} is in use; set PORT to another one before \`npm start\``;
    return { state: free ? 'fine' : 'optional', what, detail };
  } catch (error) {
    return { state: 'optional', what, detail: (error as Error).message };
  }
}

/** What `npm start` would do. */
async function credentials(): Promise<Finding> {
  const what = 'GitHub App';
  if (!process.env.APP_ID)
    return {
      state: 'optional',
      what,
      detail: 'APP_ID is not set; run `npm start` to create the App (not needed for the demo)',
    };
  try {
    const { appId, webhookSecret } = credentialsFrom(process.env);
    const { pollSeconds } = settingsFrom(process.env);
    const polls = `polls GitHub every ${pollSeconds} s`;
    const how =
      webhookSecret === null ? `${polls}; WEBHOOK_SECRET is not set` : `takes webhooks, and ${polls}`;
    return { state: 'fine', what, detail: `App ${appId} ${how}` };
  } catch (error) {
    return { state: 'optional', what, detail: (error as Error).message };
  }
}

async function agentKey(): Promise<Finding> {
  const what = 'model';
  const problem = modelProblem(agentEnvOf(process.env));
  if (problem !== null)
    return { state: 'optional', what, detail: `${problem} The built-in explorer needs neither.` };
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: address } = process.env;
  const server = address?.trim() ? (URL.parse(address)?.host ?? null) : 'api.openai.com';
  if (server === null)
    return {
      state: 'optional',
      what,
      detail: 'OPENAI_BASE_URL is not a URL such as http://localhost:11434/v1',
    };
  return { state: 'fine', what, detail: `${server}, ${key?.trim() ? 'with' : 'without'} a key` };
}

async function tool(what: string, command: string[], help: string): Promise<Finding> {
  const found = await output(command);
  return found === null
    ? { state: 'missing', what, detail: `not found; ${help}` }
    : { state: 'fine', what, detail: found };
}

/** A part of the trainer, which only the demo's own repository needs. */
async function trainer(what: string, command: string[], help: string): Promise<Finding> {
  const found = await tool(what, command, `${help} (${NOT_NEEDED})`);
  return found.state === 'missing' ? { ...found, state: 'optional' } : found;
}

/** The output of a command that runs in an empty directory; null if it could not be started or failed. */
async function output([command = '', ...args]: string[]): Promise<string | null> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'autoresearch-doctor-'));
  try {
    const { stdout, stderr } = await execa(command, args, { cwd, timeout: 60_000 });
    return (stdout || stderr).trim();
  } catch {
    return null;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
