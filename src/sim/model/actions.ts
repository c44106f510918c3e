import { invalid, notFound, Refusal } from './refusal.ts';
import { announce, type CheckRecord, type Model, type RunRecord, timestamp, tipOf } from './state.ts';

export function createCheck(
  model: Model,
  actor: string,
  check: Pick<CheckRecord, 'sha' | 'externalId' | 'startedAt' | 'text'>,
): number {
  if (!model.git.commit(check.sha)) throw invalid(`No commit found for SHA: ${check.sha}`);
  const after = { ...check, id: model.nextId(), completed: false, conclusion: null, author: actor };
  model.checks.set(after.id, after);
  announce(model, { table: 'checks', actor, before: undefined, after });
  return after.id;
}

/** Throws 404 where there is no such check run, 403 where it is another's. */
export function changeCheck(model: Model, actor: string, id: number, change: Partial<CheckRecord>): void {
  const before = model.checks.get(id);
  if (!before) throw notFound();
  if (before.author !== actor)
    throw new Refusal(403, 'Invalid app_id - check run can only be updated by its app');
  const after = { ...before, ...change };
  model.checks.set(id, after);
  announce(model, { table: 'checks', actor, before, after });
}

/** Throws 404 where the workflow is not on the default branch, 422 where there is no such branch, or no such input. */
export function dispatchRun(
  model: Model,
  actor: string,
  workflow: string,
  ref: string,
  inputs: Readonly<Record<string, string>>,
): number {
  const headSha = tipOf(model, ref);
  if (headSha === undefined) throw invalid(`No ref found for: ${ref}`);
  const tree = model.git.commit(headSha)?.tree ?? '';
  const text = model.git.tree(tree)?.get(`.github/workflows/${workflow}`);
  if (text === undefined) throw notFound();
  const unexpected = Object.keys(inputs).filter(name => !new RegExp(`^ +${name}:`, 'm').test(text));
  if (unexpected.length > 0) throw invalid(`Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  const id = model.nextId();
  const after: RunRecord = {
    id,
    title: inputs.trial ?? workflow,
    actor,
    status: 'queued',
    conclusion: null,
    createdAt: timestamp(model),
    url: `https://github.test/${model.repository.owner}/${model.repository.name}/actions/runs/${id}`,
    workflow,
    headSha,
    inputs,
    attempt: 1,
    artifacts: [],
    listedAt: model.now() + model.runListLagSeconds * 1000,
    cancelling: false,
  };
  model.runs.set(id, after);
  announce(model, { table: 'runs', actor, before: undefined, after });
  return id;
}

export function changeRun(model: Model, actor: string, id: number, change: Partial<RunRecord>): void {
  const before = model.runs.get(id);
  if (!before) throw notFound();
  const after = { ...before, ...change };
  model.runs.set(id, after);
  announce(model, { table: 'runs', actor, before, after });
}

/** A run that a runner has begun goes on until that ends it. Throws 404, and 409 for a run that has ended. */
export function cancelRun(model: Model, actor: string, id: number): void {
  const run = model.runs.get(id);
  if (!run) throw notFound();
  if (run.status === 'completed') throw new Refusal(409, 'Cannot cancel a workflow run that is completed.');
  if (run.status === 'in_progress') changeRun(model, actor, id, { cancelling: true });
  else changeRun(model, actor, id, { status: 'completed', conclusion: 'cancelled' });
}

/** Starts a run again under its old id; artifacts of earlier attempts stay. Throws 403 while it runs. */
export function rerun(model: Model, actor: string, id: number): void {
  const run = model.runs.get(id);
  if (!run) throw notFound();
  if (run.status !== 'completed') throw new Refusal(403, 'This workflow is already running');
  changeRun(model, actor, id, {
    status: 'queued',
    conclusion: null,
    attempt: run.attempt + 1,
    cancelling: false,
  });
}
