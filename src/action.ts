/** Entry point of the action: measures one trial in a GitHub Actions job and writes the measurement. */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MEASUREMENT_ARTIFACT, MEASUREMENT_FILE, type Measurement } from './protocol/measurement.ts';
import { masked, maskedDeep, secretsIn } from './protocol/secrets.ts';
import { STOP_INPUT } from './protocol/stop-bar.ts';
import { readInputs } from './trial/inputs.ts';
import { removeFolder } from './trial/remove.ts';
import { runTrial } from './trial/run.ts';
import { renderSummary } from './trial/summary.ts';

/** A megabyte of log is enough for a trial. */
const MAX_PRINTED_CHARACTERS = 1024 * 1024;
const PARENT_CHECK_MS = 1000;

/** Measures, writes, and returns the exit code: 0 for a measurement, which includes crashes, and 1 for a machine error. */
async function main(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const inputs = readInputs(env);
  const workspace = env.GITHUB_WORKSPACE ?? process.cwd();
  const scratch = await mkdtemp(join(env.RUNNER_TEMP ?? tmpdir(), 'trial-'));
  const guard = randomUUID();
  const secrets = secretsIn(env);
  const print = limitedPrinter(secrets);
  // Until this token is printed again, the runner executes no workflow commands from the output.
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
      // Set by a runner whose repository is on the same machine, where its packages are installed.
      ...(env.AUTORESEARCH_PACKAGES ? { packages: env.AUTORESEARCH_PACKAGES } : {}),
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
    measurement = maskedDeep(measurement, secrets);
    await write(measurement, workspace, env);
  } finally {
    console.log(`::${guard}::`);
    // What is left costs disk space, and no measurement.
    await removeFolder(scratch).catch(error => console.log(`::warning::${escapeData(error.message)}`));
  }
  if (measurement.outcome.status !== 'fault') return 0;
  console.log(`::error title=Machine error::${escapeData(measurement.outcome.message)}`);
  return 1;
}

/** Writes the artifact's file, the step's output and the job's summary. */
async function write(measurement: Measurement, workspace: string, env: NodeJS.ProcessEnv): Promise<void> {
  const folder = join(workspace, MEASUREMENT_ARTIFACT);
  const path = join(folder, MEASUREMENT_FILE);
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${JSON.stringify(measurement, null, 2)}\n`);
  if (env.GITHUB_OUTPUT) await appendFile(env.GITHUB_OUTPUT, `path=${path}\n`);
  const summary = renderSummary(measurement);
  if (env.GITHUB_STEP_SUMMARY) await appendFile(env.GITHUB_STEP_SUMMARY, summary);
  console.log(JSON.stringify(measurement.outcome, null, 2));
}

/** Prints lines up to a limit, and then says once that the rest is cut off. */
function limitedPrinter(secrets: readonly string[]): (line: string) => void {
  let left = MAX_PRINTED_CHARACTERS;
  return output => {
    if (left <= 0) return;
    const line = masked(output, secrets);
    left -= line.length + 1;
    console.log(left > 0 ? line : '(output too long; the rest is cut off)');
  };
}

/** Escapes untrusted text in a workflow command, which is one line. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort(new Error(`The trial was cancelled (${name}).`)));
}
// Without the runner that started it, nobody reads the result of a trial, and it would disturb the next one.
const runner = process.ppid;
setInterval(() => {
  if (process.ppid !== runner) stop.abort(new Error('The trial was cancelled: its runner is gone.'));
}, PARENT_CHECK_MS).unref();
try {
  process.exitCode = await main(process.env, stop.signal);
} catch (error) {
  console.log(`::error::${escapeData((error as Error).message)}`);
  process.exitCode = 1;
}
