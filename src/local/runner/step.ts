/** Runs one step of a job. */
import { join } from 'node:path';
import { uploadArtifact } from './artifact.ts';
import { checkout } from './checkout.ts';
import { createCommandFiles } from './command-files.ts';
import {
  actionsEnvironment,
  contextsOf,
  interpolateAll,
  type JobContext,
  machineEnvironment,
  type StepRun,
} from './context.ts';
import { insideWorkspace } from './inputs.ts';
import { runAction, runScript } from './program.ts';
import type { WorkflowStep } from './workflow.ts';

/** The displayed name of a step. */
export function stepName(step: WorkflowStep): string {
  return step.name ?? `Run ${step.uses ?? step.run?.trim().split('\n')[0] ?? ''}`;
}

/** Runs the step, keeps its outputs for later steps, and returns whether it succeeded. Never throws. */
export async function runStep(
  context: JobContext,
  step: WorkflowStep,
  signal: AbortSignal,
): Promise<boolean> {
  const { log } = context;
  log.write(`##[group]${stepName(step)}`);
  const id = step.id ?? `__${Object.keys(context.steps).length}`;
  const limit = step['timeout-minutes'];
  const limited =
    limit === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(limit * 60_000)]);
  let outputs: Record<string, string> = {};
  let succeeded = true;
  try {
    const env = { ...context.env, ...interpolateAll(step.env, contextsOf(context, context.env)) };
    const contexts = contextsOf(context, env);
    const files = await createCommandFiles(join(context.temp, `files-${id}`));
    const run: StepRun = {
      context,
      step,
      with: interpolateAll(step.with, contexts),
      env: { ...machineEnvironment(context), ...env, ...actionsEnvironment(context), ...files.env },
      contexts,
      signal: limited,
      onLine: log.stepOutput(),
    };
    try {
      await perform(run);
    } finally {
      const written = await files.read();
      outputs = written.outputs;
      context.env = { ...context.env, ...written.env };
      context.path = [...written.path.toReversed(), ...context.path];
    }
  } catch (error) {
    log.write(`##[error]${(error as Error).message}`);
    succeeded = false;
  }
  log.write('##[endgroup]');
  const outcome = succeeded ? 'success' : 'failure';
  const conclusion = step['continue-on-error'] ? 'success' : outcome;
  context.steps[id] = { outputs, outcome, conclusion };
  return succeeded;
}

async function perform(run: StepRun): Promise<void> {
  const { uses } = run.step;
  if (uses === undefined) return runScript(run);
  if (uses.startsWith('./')) return runAction(run, insideWorkspace(run, uses));
  const [action] = uses.split('@');
  if (action === 'actions/checkout') return checkout(run);
  if (action === 'actions/upload-artifact') return uploadArtifact(run);
  const { actionDir } = run.context.runner;
  if (actionDir && /^[\w.-]+\/autoresearch-bot$/.test(action ?? '')) return runAction(run, actionDir);
  throw new Error(
    `${run.context.job.workflowPath}: the local runner does not support \`uses: ${uses}\`. Supported: actions/checkout, actions/upload-artifact, this bot's action, and actions in the workspace (./path).`,
  );
}
