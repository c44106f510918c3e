/** Parses one job of a workflow file. Keys that the local runner does not support are refused by name. */
import { load } from 'js-yaml';
import { z } from 'zod';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const textMapSchema = z.record(z.string(), scalarSchema).default({});

const stepSchema = z
  .strictObject({
    id: z.string().optional(),
    name: z.string().optional(),
    if: scalarSchema.optional(),
    env: textMapSchema,
    'continue-on-error': z.boolean().default(false),
    'timeout-minutes': z.number().positive().optional(),
    run: z.string().optional(),
    shell: z.enum(['bash', 'sh'], 'expected bash or sh').optional(),
    'working-directory': z.string().optional(),
    uses: z.string().optional(),
    with: textMapSchema,
  })
  .refine(step => (step.run === undefined) !== (step.uses === undefined), 'expected either `run` or `uses`');

const jobSchema = z.strictObject({
  name: z.string().optional(),
  'runs-on': z.unknown().optional(),
  /** Permissions of the job's token, which the server handles. */
  permissions: z.unknown().optional(),
  'timeout-minutes': z.number().positive().default(360),
  env: textMapSchema,
  steps: z.array(stepSchema).min(1),
});

const workflowSchema = z.strictObject({
  name: z.string().optional(),
  'run-name': z.string().optional(),
  on: z.unknown().optional(),
  permissions: z.unknown().optional(),
  env: textMapSchema,
  jobs: z.record(z.string(), z.unknown()),
});

/** Inputs that are not text, which expressions see with their type. */
const inputTypesSchema = z.object({
  on: z.object({
    workflow_dispatch: z.object({ inputs: z.record(z.string(), z.object({ type: z.string().optional() })) }),
  }),
});

export type WorkflowStep = z.infer<typeof stepSchema>;

export interface WorkflowJob {
  /** The workflow's name, or its path if it has none. */
  workflow: string;
  timeoutMinutes: number;
  /** Environment of workflow and job, in this order and not evaluated yet. */
  env: readonly Record<string, string>[];
  steps: readonly WorkflowStep[];
}

/** Parses job `key` of the workflow file at `path`. Throws an error with the file and every invalid or unsupported key. */
export function readWorkflowJob(path: string, text: string, key: string): WorkflowJob {
  const workflow = check(workflowSchema, load(text, { filename: path }), path, '');
  if (!(key in workflow.jobs)) {
    throw new Error(`${path}: expected a job \`${key}\`, found ${Object.keys(workflow.jobs).join(', ')}.`);
  }
  const job = check(jobSchema, workflow.jobs[key], path, `jobs.${key}`);
  return {
    workflow: workflow.name ?? path,
    timeoutMinutes: job['timeout-minutes'],
    env: [workflow.env, job.env],
    steps: job.steps,
  };
}

/** Inputs of the dispatch, converted to booleans and numbers as the workflow declares them. */
export function typedInputs(text: string, inputs: Record<string, string>): Record<string, unknown> {
  const declared = inputTypesSchema.safeParse(load(text));
  const types = declared.success ? declared.data.on.workflow_dispatch.inputs : {};
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const type = types[name]?.type;
      if (type === 'boolean') return [name, value === 'true'];
      return [name, type === 'number' ? Number(value) : value];
    }),
  );
}

function check<T>(schema: z.ZodType<T>, value: unknown, file: string, prefix: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(issue => {
    const where = [prefix, ...issue.path.map(String)].filter(part => part !== '').join('.') || 'top level';
    if (issue.code !== 'unrecognized_keys') return `${where}: ${issue.message}`;
    return `${where}: the local runner does not support ${issue.keys.map(name => `\`${name}\``).join(', ')}`;
  });
  throw new Error(`${file}: ${problems.join('; ')}.`);
}
