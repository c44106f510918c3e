/** Entry of the action: measures one trial in a job of GitHub Actions and leaves the measurement behind. */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MEASUREMENT_ARTIFACT, MEASUREMENT_FILE, type Measurement } from './protocol/measurement.ts';
import { STOP_INPUT } from './protocol/stop-bar.ts';
import { readInputs } from './trial/inputs.ts';
import { runTrial } from './trial/run.ts';
import { renderSummary } from './trial/summary.ts';

/** A megabyte of log tells enough about five minutes of training. */
const MAX_PRINTED_CHARACTERS = 1024 * 1024;

/** Measures, writes, and returns the exit code: 0 when there is a measurement (a crash is one), 1 for a fault of the machine. */
async function main(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const inputs = readInputs(env);
  const workspace = env.GITHUB_WORKSPACE ?? process.cwd();
  const scratch = await mkdtemp(join(env.RUNNER_TEMP ?? tmpdir(), 'trial-'));
  const guard = randomUUID();
  const print = limitedPrinter();
  // Until the guard's token is printed again, the runner takes nothing in the output for a command to itself.
  console.log(`::stop-commands::${guard}`);
  let measurement: Measurement;
  try {
    measurement = await runTrial({
      trial: inputs.trial,
      base: resolve(workspace, inputs.base),
      baseSha: inputs['base-sha'],
      candidate: resolve(workspace, inputs.candidate),
      candidateSha: inputs['candidate-sha'],
      seed: inputs.seed,
      budgetSeconds: inputs.budget,
      timeoutSeconds: inputs.timeout,
      command: inputs.command,
      readable: inputs.readable,
      terms: {
        threshold: inputs.threshold,
        championStartupSeconds: inputs['champion-startup'],
        championScoringSeconds: inputs['champion-scoring'],
      },
      stop: inputs[STOP_INPUT],
      scratch,
      environment: env,
      onLine: print,
      signal,
      sandboxOptional: env.AUTORESEARCH_SANDBOX === 'optional',
    });
    await leave(measurement, workspace, env);
  } finally {
    console.log(`::${guard}::`);
    await rm(scratch, { recursive: true, force: true });
  }
  if (measurement.outcome.status !== 'fault') return 0;
  console.log(`::error title=Machine fault::${escapeData(measurement.outcome.message)}`);
  return 1;
}

/** Writes the artifact's file, the step's output and the job's summary. */
async function leave(measurement: Measurement, workspace: string, env: NodeJS.ProcessEnv): Promise<void> {
  const folder = join(workspace, MEASUREMENT_ARTIFACT);
  const path = join(folder, MEASUREMENT_FILE);
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${JSON.stringify(measurement, null, 2)}\n`);
  if (env.GITHUB_OUTPUT) await appendFile(env.GITHUB_OUTPUT, `path=${path}\n`);
  const summary = renderSummary(measurement);
  if (env.GITHUB_STEP_SUMMARY) await appendFile(env.GITHUB_STEP_SUMMARY, summary);
  console.log(JSON.stringify(measurement.outcome, null, 2));
}

/** Prints lines until the log has had enough, and says once that it stops. */
function limitedPrinter(): (line: string) => void {
  let left = MAX_PRINTED_CHARACTERS;
  return line => {
    if (left <= 0) return;
    left -= line.length + 1;
    console.log(left > 0 ? line : '(more output than the log takes; the rest is not shown)');
  };
}

/** A workflow command is one line; `%` introduces the escapes. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new Error(`The trial was cancelled (${name}).`)));
}
try {
  process.exitCode = await main(process.env, stop.signal);
} catch (error) {
  console.log(`::error::${escapeData((error as Error).message)}`);
  process.exitCode = 1;
}
