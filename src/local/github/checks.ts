/** Check runs: made by the App, or by GitHub Actions for its jobs. */
import type { CheckRun, Repository } from './state.ts';
import { nextId, timestamp, type World } from './world.ts';

/** A new check run, queued. */
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
    output: { title: null, summary: null, text: null },
  };
  repository.checkRuns.push(check);
  return check;
}
