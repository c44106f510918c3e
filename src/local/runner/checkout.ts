/** Built-in `actions/checkout`: fetches a commit of the job's own repository with the job's token. */
import { mkdir } from 'node:fs/promises';
import { runProcess } from '../../trial/process.ts';
import type { StepRun } from './context.ts';
import { expectKnownInputs, insideWorkspace } from './inputs.ts';

const KNOWN = ['repository', 'ref', 'path', 'fetch-depth', 'persist-credentials', 'clean'];

/**
 * Fetches `ref` (default: the run's commit) into `path`. git gets the token through its environment and never stores it, so later steps have
 * no credentials, regardless of `persist-credentials`.
 */
export async function checkout(run: StepRun): Promise<void> {
  const { job, log } = run.context;
  expectKnownInputs(run.with, KNOWN, 'actions/checkout');
  const { repository = job.repository, ref = '', path = '.', 'fetch-depth': depth = '1' } = run.with;
  if (repository !== job.repository) {
    throw new Error(
      `actions/checkout: expected the run's repository ${job.repository}, found ${repository}.`,
    );
  }
  const dir = insideWorkspace(run, path);
  await mkdir(dir, { recursive: true });
  const url = `${job.serverUrl}/${job.repository}.git`;
  const wanted = ref || job.headSha;
  log.write(`Fetching ${wanted} of ${job.repository} into ${path}`);

  const env = { ...run.env, ...gitEnvironment(job.serverUrl, job.token) };
  const git = async (...args: string[]) => {
    const said: string[] = [];
    const result = await runProcess({
      file: 'git',
      args,
      cwd: dir,
      env,
      signal: run.signal,
      onLine: line => {
        said.push(line);
        run.onLine(line);
      },
      graceSeconds: 0,
      marker: run.context.root,
    });
    if (result.exitCode === 0) return;
    const words = said
      .filter(line => line.trim() !== '')
      .slice(-3)
      .join('; ');
    throw new Error(
      `actions/checkout: git ${args[0]} failed for ${wanted} from ${url}: ${words || 'no output'}.`,
    );
  };
  // Without the template's example hooks, which would be copied.
  await git('init', '--quiet', '--template=');
  await git('remote', 'add', 'origin', url);
  const all = depth === '0' ? ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'] : [];
  const limit = depth === '0' ? [] : [`--depth=${depth}`];
  await git('fetch', '--quiet', '--no-tags', ...limit, 'origin', ...all, wanted);
  await git(
    'checkout',
    '--quiet',
    '--force',
    '--detach',
    depth === '0' && /^[0-9a-f]{40}$/.test(wanted) ? wanted : 'FETCH_HEAD',
  );
}

/** Configuration for one run of git: the token in a header for this server only, without the user's configuration. */
function gitEnvironment(serverUrl: string, token: string): Record<string, string> {
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64');
  return {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: `http.${serverUrl}/.extraheader`,
    GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${credentials}`,
    GIT_CONFIG_KEY_1: 'advice.detachedHead',
    GIT_CONFIG_VALUE_1: 'false',
  };
}
