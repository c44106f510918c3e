/** Workflow files: what of them the server needs to start a run. */
import { load } from 'js-yaml';
import { z } from 'zod';
import { type Contexts, interpolate } from '../../expression.ts';
import { invalid } from '../errors.ts';

/** Where they are. */
export const WORKFLOWS = '.github/workflows';

const inputSchema = z
  .object({
    required: z.boolean().default(false),
    default: z.union([z.string(), z.number(), z.boolean()]).transform(String).default(''),
  })
  .nullable()
  .transform(input => input ?? { required: false, default: '' });
const dispatchSchema = z
  .object({ inputs: z.record(z.string(), inputSchema).nullish() })
  .nullable()
  .transform(dispatch => dispatch?.inputs ?? {});
const namesSchema = z.union([z.string().transform(name => [name]), z.array(z.string())]);
const jobSchema = z.object({
  name: z.string().optional(),
  'runs-on': z.union([namesSchema, z.object({ labels: namesSchema }).transform(({ labels }) => labels)]),
});
/** By the name of the event, with what a dispatch may be given. */
const triggersSchema = z
  .union([
    namesSchema.transform(names => Object.fromEntries(names.map(name => [name, null]))),
    z.record(z.string(), z.unknown()),
  ])
  .pipe(z.object({ workflow_dispatch: dispatchSchema.optional() }));
const workflowSchema = z.object({
  name: z.string().optional(),
  'run-name': z.string().optional(),
  on: triggersSchema,
  jobs: z.record(z.string(), jobSchema),
});

export type WorkflowFile = z.output<typeof workflowSchema>;

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
 * inputs that are unknown or missing.
 */
export function dispatchInputs(
  workflow: WorkflowFile,
  given: Record<string, string>,
): Record<string, string> {
  const inputs = workflow.on.workflow_dispatch;
  if (!inputs) throw invalid("Workflow does not have 'workflow_dispatch' trigger");
  const unexpected = Object.keys(given).filter(name => !Object.hasOwn(inputs, name));
  if (unexpected.length > 0) throw invalid(`Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  const values: Record<string, string> = {};
  for (const [name, input] of Object.entries(inputs)) {
    const value = given[name] ?? input.default;
    if (input.required && value === '') throw invalid(`Required input '${name}' not provided`);
    values[name] = value;
  }
  return values;
}

/** `text` with its expressions evaluated. Throws 422 for one that is wrong; `key` says where in the file it is. */
export function evaluated(key: string, text: string, contexts: Contexts): string {
  try {
    return interpolate(text, contexts);
  } catch (error) {
    throw invalid(`Invalid ${key} ${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
