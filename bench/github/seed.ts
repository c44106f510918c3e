/** A repository with many finished experiments, without running them: copies of the one that was run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { experimentMarkerSchema } from '../../src/campaign/marker.ts';
import { branchName } from '../../src/campaign/model.ts';
import { pullBody } from '../../src/github/body.ts';
import { readMarker } from '../../src/github/marker.ts';
import type { State } from '../../src/local/github/state.ts';

/** One runner ends an experiment that often. */
export const EXPERIMENT_SECONDS = 340;

/**
 * Makes `count` experiments of the single one that the closed lab in `dir` holds, each with its pull request, comment, check run and
 * workflow run, one after the other in time.
 */
export function multiplyExperiments(dir: string, count: number): void {
  const path = join(dir, 'state.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as State;
  const [repository] = state.repositories;
  const [, pull] = repository?.issues ?? [];
  const marker = readMarker('experiment', pull?.body, experimentMarkerSchema);
  const comment = repository?.comments.findLast(({ number }) => number === pull?.number);
  const run = repository?.runs.at(-1);
  const check = repository?.checkRuns.findLast(({ externalId }) => externalId === run?.title);
  if (!repository || !pull?.pull || !marker || !comment || !run || !check)
    throw new Error(`Expected one finished experiment in ${path}.`);
  for (let number = 2; number <= count; number++) {
    const later = (time: string) =>
      new Date(Date.parse(time) + (number - 1) * EXPERIMENT_SECONDS * 1000).toISOString().replace('.000', '');
    const trial = `${marker.campaign}/${number}.1`;
    const times = { createdAt: later(pull.createdAt), updatedAt: later(pull.updatedAt) };
    const ownRun = { ...run, id: state.nextId++, title: trial, inputs: { ...run.inputs, trial } };
    const trials = marker.trials.map(each => ({ ...each, trial, runId: ownRun.id }));
    const body = pullBody({ ...marker, number, trials });
    const head = branchName(marker.campaign, number);
    const closedAt = times.updatedAt;
    repository.issues.push({
      ...pull,
      ...times,
      closedAt,
      id: state.nextId++,
      number: pull.number + number - 1,
      body,
      pull: { ...pull.pull, id: state.nextId++, head },
    });
    repository.comments.push({ ...comment, ...times, id: state.nextId++, number: pull.number + number - 1 });
    repository.runs.push({
      ...ownRun,
      createdAt: later(run.createdAt),
      updatedAt: later(run.updatedAt),
    });
    repository.checkRuns.push({ ...check, id: state.nextId++, externalId: trial });
  }
  // The campaign's status comment was brought up to date with the last of them.
  const [status] = repository.comments.filter(({ body }) => body.includes('autoresearch:campaign'));
  if (status) status.updatedAt = repository.comments.at(-1)?.updatedAt ?? status.updatedAt;
  writeFileSync(path, JSON.stringify(state));
}
