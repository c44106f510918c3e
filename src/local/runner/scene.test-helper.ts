/** A server with one repository and one runner, for tests. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { commitFiles, gitIn, makeRepository, temporaryDirectory } from '../../trial/fixture.test-helper.ts';
import type { Conclusion, Job, JobQueue, JobStep } from '../jobs.ts';
import type { RunnerOptions } from './context.ts';
import { runJobs } from './run-jobs.ts';

export interface Result {
  conclusion: Conclusion;
  log: string;
  steps: readonly JobStep[];
  artifacts: Map<string, ReadonlyMap<string, Uint8Array>>;
  /** Files left in the runner's directory. */
  leftovers: string[];
}

interface Scene {
  root: string;
  /** Working tree from which `push` publishes commits. */
  source: string;
  push(files: Record<string, string | null>): string;
  run(
    workflow: string,
    options?: {
      inputs?: Record<string, string>;
      onLine?: (line: string) => void;
      cancel?: AbortSignal;
      serverUrl?: string;
      runner?: Partial<RunnerOptions>;
    },
  ): Promise<Result>;
}

/** A server with one repository, `ada/model`, and a runner for it. */
export function scene(
  context: TestContext,
  files: Record<string, string> = { 'README.md': 'A model.\n' },
): Scene {
  const root = temporaryDirectory(context);
  const { dir: source, sha } = makeRepository(join(root, 'source'), files);
  const bare = join(root, 'server/ada/model.git');
  mkdirSync(join(root, 'server/ada'), { recursive: true });
  gitIn(root, 'clone', '--quiet', '--bare', source, bare);
  let headSha = sha;
  return {
    root,
    source,
    push(changes) {
      headSha = commitFiles(source, changes);
      gitIn(source, 'push', '--quiet', bare, 'HEAD:main');
      return headSha;
    },
    async run(
      workflowText,
      { inputs = {}, onLine, cancel, serverUrl = `file://${join(root, 'server')}`, runner = {} } = {},
    ) {
      const job: Job = {
        runId: 31,
        jobId: 41,
        name: 'trial',
        repository: 'ada/model',
        workflowPath: '.github/workflows/experiment.yml',
        workflowText,
        title: '7/12.1',
        ref: 'refs/heads/main',
        headSha,
        inputs,
        actor: 'autoresearch[bot]',
        serverUrl,
        token: 'ghs_job-token',
      };
      const dir = join(root, 'runner');
      mkdirSync(dir, { recursive: true });
      const stop = new AbortController();
      const result = {
        log: '',
        steps: [] as readonly JobStep[],
        artifacts: new Map(),
        conclusion: 'failure' as Conclusion,
      };
      const waiting = [job];
      const queue: JobQueue = {
        async take() {
          const next = waiting.shift();
          if (next) return next;
          stop.abort();
          throw new Error('stopped');
        },
        log: (_, text) => {
          result.log += text;
        },
        steps: (_, steps) => {
          result.steps = structuredClone(steps);
        },
        upload: (_, name, artifact) => result.artifacts.set(name, artifact),
        cancelled: () => cancel ?? new AbortController().signal,
        complete: (_, conclusion) => {
          result.conclusion = conclusion;
        },
      };
      await runJobs(queue, {
        name: 'box',
        labels: ['self-hosted', 'gpu'],
        dir,
        path: process.env.PATH ?? '',
        ...runner,
        signal: stop.signal,
        ...(onLine ? { onLine: (_: Job, line: string) => onLine(line) } : {}),
      });
      return { ...result, leftovers: readdirSync(dir) };
    },
  };
}
