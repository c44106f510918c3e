/** Steps that start a program: `run:` scripts and JavaScript actions. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { runProcess } from '../../trial/process.ts';
import { interpolate } from '../expression.ts';
import { interpolateAll, type StepRun } from './context.ts';

/** Time for a cancelled step to shut down. */
const GRACE_SECONDS = 5;

const actionSchema = z.object({
  inputs: z
    .record(
      z.string(),
      z.object({ default: z.union([z.string(), z.number(), z.boolean()]).transform(String).optional() }),
    )
    .default({}),
  runs: z.strictObject({
    using: z
      .string()
      .regex(/^node\d+$/, 'the local runner only supports JavaScript actions (`using: node24`)'),
    main: z.string(),
  }),
});

/** Runs a script with bash (or sh), which stops at the first failing command. Throws on failure. */
export async function runScript(run: StepRun): Promise<void> {
  const { step, context, contexts } = run;
  const script = join(context.temp, `script-${Object.keys(context.steps).length}.sh`);
  await writeFile(script, interpolate(step.run ?? '', contexts));
  const cwd = resolve(context.workspace, interpolate(step['working-directory'] ?? '.', contexts));
  const strict = step.shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
  await execute(run, step.shell ?? 'bash', [...strict, script], cwd, run.env);
}

/** Runs the JavaScript action in folder `dir`. Throws on failure, and for other kinds of actions. */
export async function runAction(run: StepRun, dir: string): Promise<void> {
  const { runs, inputs } = await readAction(dir);
  const defaults = Object.fromEntries(
    Object.entries(inputs).flatMap(([name, input]) =>
      input.default === undefined ? [] : [[name, input.default]],
    ),
  );
  const given = { ...interpolateAll(defaults, run.contexts), ...run.with };
  const env = { ...run.env };
  for (const [name, value] of Object.entries(given))
    env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value;
  await execute(run, process.execPath, [join(dir, runs.main)], run.context.workspace, env);
}

async function readAction(dir: string): Promise<z.infer<typeof actionSchema>> {
  const text = await readFile(join(dir, 'action.yml'), 'utf8').catch(() =>
    readFile(join(dir, 'action.yaml'), 'utf8'),
  );
  const parsed = actionSchema.safeParse(load(text, { filename: 'action.yml' }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${basename(dir)}/action.yml: ${issue?.path.join('.')}: ${issue?.message}.`);
}

async function execute(
  run: StepRun,
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string>,
): Promise<void> {
  const { signal, onLine, context } = run;
  const result = await runProcess({
    file,
    args,
    cwd,
    env,
    signal,
    onLine,
    graceSeconds: GRACE_SECONDS,
    marker: context.root,
  });
  if (result.endedBy !== 'itself') throw new Error('The step was cancelled or timed out.');
  if (result.exitCode === 0) return;
  throw new Error(`Process completed with ${result.signal ?? `exit code ${result.exitCode}`}.`);
}
