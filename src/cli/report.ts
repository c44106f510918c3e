/** `autoresearch report`: a campaign's results as a table and a chart, read back from GitHub. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Octokit } from '@octokit/rest';
import type { Command } from 'commander';
import { RESEARCH_LABEL } from '../campaign/model.ts';
import { readConnection } from '../local/demo/connection.ts';
import {
  exportHistory,
  type History,
  type Metric,
  type Repository,
  readHistory,
} from '../local/demo/history.ts';
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { describeProblem, parseContract } from '../protocol/contract-file.ts';
import { UsageError } from '../starter/errors.ts';
import { CommandError, wholeNumber } from './errors.ts';

interface ReportOptions {
  issue?: number;
  url?: string;
  token?: string;
  out: string;
}

/** Adds the subcommand. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description(
      'write results.tsv, experiments.tsv, progress.svg and, with guards, guards.tsv for a campaign',
    )
    .argument('<repository>', 'OWNER/REPO, or the directory of a running demo')
    .option('--issue <number>', "the campaign's issue (default: the newest)", wholeNumber(1, 2 ** 31))
    .option(
      '--url <url>',
      'REST API of a GitHub Enterprise Server, such as https://github.example.com/api/v3',
    )
    .option('--token <token>', 'token with read access to the repository (default: GITHUB_TOKEN)')
    .option('--out <directory>', 'directory to write to', '.')
    .action(report);
}

async function report(name: string, options: ReportOptions): Promise<void> {
  const { octokit, repository } = await connect(name, options);
  const metric = await readMetric(octokit, repository);
  const history = await findHistory(octokit, repository, options.issue);
  await mkdir(options.out, { recursive: true });
  for (const [file, text] of exportHistory(history, metric)) {
    await writeFile(path.join(options.out, file), text);
    console.log(path.join(options.out, file));
  }
}

/** A client and a repository, on GitHub or on the demo in the given directory. */
async function connect(
  name: string,
  options: ReportOptions,
): Promise<{ octokit: Octokit; repository: Repository }> {
  const connection = await readConnection(name);
  if (connection !== null) {
    const { url, token, owner, repo } = connection;
    return { octokit: client(`${url}/api/v3`, token), repository: { owner, repo } };
  }
  const match = /^([\w.-]+)\/([\w.-]+)$/.exec(name);
  if (!match?.[1] || !match[2])
    throw new UsageError(
      `Expected OWNER/REPO or the directory of a running demo, found ${JSON.stringify(name)}.`,
    );
  const url = options.url ?? 'https://api.github.com';
  const octokit = client(url, options.token ?? process.env.GITHUB_TOKEN);
  return { octokit, repository: { owner: match[1], repo: match[2] } };
}

function client(baseUrl: string, auth: string | undefined): Octokit {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ baseUrl, log: silent, userAgent: 'autoresearch', ...(auth ? { auth } : {}) });
}

async function readMetric(octokit: Octokit, repository: Repository): Promise<Metric> {
  const text = await octokit.rest.repos
    .getContent({ ...repository, path: CONTRACT_PATH, mediaType: { format: 'raw' } })
    .catch((error: Error) => {
      const name = `${repository.owner}/${repository.repo}`;
      throw new CommandError(`Could not read ${CONTRACT_PATH} of ${name}: ${error.message}`);
    });
  const parsed = parseContract(String(text.data));
  if (parsed.kind === 'contract') return parsed.contract.metric;
  throw new CommandError(parsed.problems.map(problem => describeProblem(problem)).join('; '));
}

/** The requested campaign, or the newest one. */
async function findHistory(octokit: Octokit, repository: Repository, issue?: number): Promise<History> {
  const candidates = issue === undefined ? await campaignIssues(octokit, repository) : [issue];
  for (const number of candidates) {
    const history = await readHistory(octokit, repository, number);
    if (history) return history;
  }
  const where = issue === undefined ? `${repository.owner}/${repository.repo}` : `issue ${issue}`;
  throw new CommandError(
    `Expected a campaign in ${where}, found none. Start one by commenting \`/research 50\` on an issue.`,
  );
}

async function campaignIssues(octokit: Octokit, repository: Repository): Promise<number[]> {
  const issues = await octokit.paginate(octokit.rest.issues.listForRepo, {
    ...repository,
    labels: RESEARCH_LABEL,
    state: 'all',
    per_page: 100,
  });
  return issues.filter(issue => !issue.pull_request).map(issue => issue.number);
}
