/** The whole loop on this machine, from the comment `/research N` to the last verdict. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Octokit } from '@octokit/rest';
import { writePrivate } from '../../starter/private-file.ts';
import type { Board } from './board.ts';
import { CONNECTION_FILE, type Connection, connect } from './connection.ts';
import { ending } from './ending.ts';
import { createEar, type Ear } from './hear.ts';
import { exportHistory, type Metric, type Repository } from './history.ts';
import { keepLogs } from './job-logs.ts';
import { missingLabels } from './labels.ts';
import { type ServicesOptions, startServices } from './services.ts';
import { createView, type View } from './view.ts';
import { answerOf, type Look, look, type Watched } from './watch.ts';

export interface DemoOptions {
  /** Directory for all files of the demo, which it has claimed. */
  dir: string;
  port: number;
  runners: number;
  /** Git repository to run in, its current branch, and its name on the local GitHub. */
  from: string;
  branch: string;
  name: string;
  /** Whether the repository is the demo's own. */
  own: boolean;
  /** The comment that starts the campaign: `/research …`. */
  command: string;
  metric: Metric;
  budgetSeconds: number;
  environment: NodeJS.ProcessEnv;
  /** What the environment says about the App. */
  settings: ServicesOptions['settings'];
  actionDir: string;
  /** Exit after the campaign instead of keeping the local GitHub running. */
  exit: boolean;
  stream: NodeJS.WriteStream;
  signal: AbortSignal;
}

const OWNER = 'you';
/** Folder of the jobs' logs. */
const LOGS = 'logs';
const LOOK_EVERY_MS = 500;
/** While nothing runs. */
const IDLE_LOOK_MS = 2000;
/** The App usually answers within 2 s; after this time something is broken. */
const ANSWER_WITHIN_SECONDS = 60;

/** The App has answered the command, but not by starting a campaign. */
class Refused extends Error {}

/** Runs the demo. Resolves with null if every experiment has a verdict, and with the reason otherwise. */
export async function runDemo(options: DemoOptions): Promise<string | null> {
  const { dir, signal, stream } = options;
  const broken = new AbortController();
  const stop = AbortSignal.any([signal, broken.signal]);
  const now = () => performance.now() / 1000;
  const ear = createEar(now);
  const keep = keepLogs(path.join(dir, LOGS));
  const services = await startServices({
    ...options,
    onLine: (job, line) => {
      ear.take(job.title, line);
      keep(job.title, line);
    },
    onFailure: error => broken.abort(error),
  });
  const view = createView(stream, now);
  try {
    const { name, from, branch } = options;
    await services.createRepository({ owner: OWNER, name, from, defaultBranch: branch });
    const repository = { owner: OWNER, repo: name };
    const connection: Connection = {
      url: services.url,
      token: services.token,
      ...repository,
      from,
      own: options.own,
    };
    writePrivate(path.join(dir, CONNECTION_FILE), `${JSON.stringify(connection, null, 2)}\n`);
    const octokit = connect(connection);
    const issue = await startCampaign(octokit, repository, options);
    const page = `${services.url}/${OWNER}/${name}/issues/${issue}`;
    view.print(`campaign: ${page}  (open it in a browser)`);
    view.print(`App log:  ${services.log}`);
    view.print(`${OWNER} commented: ${options.command}`);
    const watched = { repository, issue, metric: options.metric, budgetSeconds: options.budgetSeconds };
    const watching = { ear, view, dir, signal: stop, log: services.log };
    let last = await watch(octokit, watched, watching);
    stream.write(ending({ ...last.board, page, connection, dir, logs: LOGS, stays: !options.exit }));
    while (!options.exit) {
      await untilResumed(octokit, watched, watching);
      last = await watch(octokit, watched, watching);
      stream.write(ending({ ...last.board, page, connection, dir, logs: LOGS, stays: true }));
    }
    return failure(last.board);
  } catch (error) {
    if (error instanceof Refused) return error.message;
    if (signal.aborted) return 'interrupted before the campaign ended';
    throw broken.signal.aborted ? broken.signal.reason : error;
  } finally {
    view.close();
    await services.close();
  }
}

async function startCampaign(octokit: Octokit, repository: Repository, { metric, command }: DemoOptions) {
  const verb = metric.goal === 'minimize' ? 'Lower' : 'Raise';
  const issue = await octokit.rest.issues.create({
    ...repository,
    title: `${verb} ${metric.name}`,
    body: 'This campaign opens one pull request per experiment.',
  });
  const issue_number = issue.data.number;
  await octokit.rest.issues.createComment({ ...repository, issue_number, body: command });
  return issue_number;
}

interface Watching {
  ear: Ear;
  view: View;
  dir: string;
  signal: AbortSignal;
  log: string;
}

/** Shows the campaign until it ends, and keeps its results on disk up to date. */
async function watch(
  octokit: Octokit,
  watched: Watched,
  { ear, view, dir, signal, log }: Watching,
): Promise<Look> {
  const started = performance.now();
  let judged = -1;
  let warned = false;
  while (true) {
    signal.throwIfAborted();
    const found = await look(octokit, watched, ear);
    if (found) {
      view.show(found.board);
      const count = found.board.rows.filter(row => row.verdict).length;
      if (count !== judged) await writeResults(dir, found, watched.metric);
      judged = count;
      const problem: string | null = warned ? null : await missingLabels(octokit, watched.repository);
      if (problem !== null) view.print(`Warning: ${problem}`);
      warned ||= problem !== null || found.board.running.length > 0;
      if (isOver(found.board)) {
        view.close();
        return found;
      }
    } else {
      const answer = await answerOf(octokit, watched);
      // A campaign may have started in between.
      if (answer !== null && !(await look(octokit, watched, ear))) throw new Refused(answer);
    }
    if (!found && performance.now() - started > ANSWER_WITHIN_SECONDS * 1000) {
      throw new Error(
        `The App did not answer on issue #${watched.issue} within ${ANSWER_WITHIN_SECONDS} s. See its log: ${log}`,
      );
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function isOver({ phase, running }: Board): boolean {
  return phase !== 'running' && running.length === 0;
}

/** Waits until somebody asks for more, for example with `/research 3`. */
async function untilResumed(octokit: Octokit, watched: Watched, { ear, signal }: Watching): Promise<void> {
  while (true) {
    await sleep(IDLE_LOOK_MS, undefined, { signal });
    const found = await look(octokit, watched, ear);
    if (found && !isOver(found.board)) return;
  }
}

async function writeResults(dir: string, { history }: Look, metric: Metric): Promise<void> {
  for (const [file, text] of exportHistory(history, metric)) await writeFile(path.join(dir, file), text);
}

/** Why an ended campaign is not a success; null if it is one. */
function failure({ phase, reason, rows, target }: Board): string | null {
  const judged = rows.filter(row => row.verdict !== null).length;
  if (phase === 'finished' && judged >= target) return null;
  return `the campaign is ${phase} with ${judged} of ${target} experiments judged${reason === '' ? '' : `: ${reason}`}`;
}
