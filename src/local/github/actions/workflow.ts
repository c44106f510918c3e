/** Workflow files: what of them the server needs to start a run. */
import { load } from 'js-yaml';
import { z } from 'zod';
import { invalid } from '../errors.ts';
import { type Contexts, strings } from './expression.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const inputSchema = z
  .object({
    required: z.boolean().default(false),
    default: scalar.optional(),
    type: z.enum(['string', 'boolean', 'choice', 'number', 'environment']).default('string'),
    options: z.array(scalar.transform(String)).default([]),
  })
  .nullable()
  .transform(input => input ?? { required: false, type: 'string' as const, options: [] });
const namesSchema = z.union([z.string().transform(name => [name]), z.array(z.string())]);
const jobSchema = z.object({
  name: z.string().optional(),
  needs: namesSchema.default([]),
  'runs-on': z.union([namesSchema, z.object({ labels: namesSchema }).transform(({ labels }) => labels)]),
});
const dispatchSchema = z
  .object({ inputs: z.record(z.string(), inputSchema).nullish() })
  .nullable()
  .transform(dispatch => ({ inputs: dispatch?.inputs ?? {} }));
const triggersSchema = z
  .union([
    z.string().transform(name => ({ [name]: null })),
    z.array(z.string()).transform(names => Object.fromEntries(names.map(name => [name, null]))),
    z.record(z.string(), z.unknown()),
  ])
  .transform(triggers => triggers as Record<string, unknown>);
const workflowSchema = z.object({
  name: z.string().optional(),
  'run-name': z.string().optional(),
  on: triggersSchema,
  jobs: z.record(z.string(), jobSchema),
});

export type WorkflowFile = z.output<typeof workflowSchema>;
export type WorkflowJob = WorkflowFile['jobs'][string];

/** Reads a workflow file. Throws 422 with what is wrong with it. */
export function parseWorkflow(path: string, text: string): WorkflowFile {
  let yaml: unknown;
  try {
    yaml = load(text);
  } catch (error) {
    throw invalid(`Invalid workflow file ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = workflowSchema.safeParse(yaml);
  if (parsed.success) return parsed.data;
  throw invalid(`Invalid workflow file ${path}: ${z.prettifyError(parsed.error)}`);
}

/**
 * The inputs of a dispatch, with defaults. Throws 422, as GitHub does, for a workflow that cannot be dispatched and for
 * inputs that are unknown, missing or not among a choice's options.
 */
export function dispatchInputs(
  workflow: WorkflowFile,
  given: Record<string, string>,
): Record<string, string> {
  if (!('workflow_dispatch' in workflow.on)) {
    throw invalid("Workflow does not have 'workflow_dispatch' trigger");
  }
  const { inputs } = dispatchSchema.parse(workflow.on.workflow_dispatch);
  const unexpected = Object.keys(given).filter(name => !Object.hasOwn(inputs, name));
  if (unexpected.length > 0) throw invalid(`Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  const values: Record<string, string> = {};
  for (const [name, input] of Object.entries(inputs)) {
    const value = given[name] ?? (input.default === undefined ? undefined : String(input.default));
    if (input.required && (value === undefined || value === '')) {
      throw invalid(`Required input '${name}' not provided`);
    }
    if (input.type === 'choice' && value !== undefined && !input.options.includes(value)) {
      throw invalid(`Provided value '${value}' for input '${name}' not in the list of allowed values`);
    }
    values[name] = value ?? (input.type === 'boolean' ? 'false' : '');
  }
  return values;
}

/** The labels that a job's runner must have. */
export function labelsOf(job: WorkflowJob, contexts: Contexts): string[] {
  return job['runs-on'].flatMap(label => strings(label, contexts));
}
