/** Check runs: made by the App, or by GitHub Actions for its jobs. */
import { presentCheckRun } from './present/run.ts';
import type { CheckRun, Repository } from './state.ts';
import { nextId, timestamp, type World } from './world.ts';

/** A new check run, queued. Sends no event. */
export function addCheckRun(
  world: World,
  repository: Repository,
  o: { app: CheckRun['app']; name: string; headSha: string },
): CheckRun {
  const check: CheckRun = {
    id: nextId(world),
    app: o.app,
    name: o.name,
    headSha: o.headSha,
    externalId: '',
    detailsUrl: null,
    status: 'queued',
    conclusion: null,
    startedAt: timestamp(world),
    completedAt: null,
    output: { title: null, summary: null, text: null, annotations: 0 },
  };
  repository.checkRuns.push(check);
  return check;
}

/** Tells that a check run was created or completed. */
export function emitCheckRun(
  world: World,
  repository: Repository,
  check: CheckRun,
  sender: string,
  action: 'created' | 'completed',
): void {
  const payload = { action, check_run: presentCheckRun(world, repository, check) };
  world.emit({ name: 'check_run', repository, sender, payload });
}
