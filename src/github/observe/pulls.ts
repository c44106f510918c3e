/** The App's pull requests, and branches of experiments without one. */

import { experimentMarkerSchema, promotionMarkerSchema } from '../../campaign/marker.ts';
import {
  branchName,
  type Campaign,
  type Promotion,
  RESEARCH_LABEL,
  type Snapshot,
  STACKED_LABEL,
} from '../../campaign/model.ts';
import { isCandidateFor } from '../../render/commit.ts';
import { readMarker } from '../marker.ts';
import type { GitHubPort, Pull } from '../port.ts';
import type { Memory, Subject } from './memory.ts';

const EXPERIMENT_BRANCH = /^research\/(\d+)\/(\d+)$/;

export async function readPulls(port: GitHubPort, memory: Memory): Promise<void> {
  for (const pull of await port.pullsSince(memory.pullsSince)) {
    if (concerns(port, pull)) memory.pulls.set(pull.number, pull);
    if (memory.pullsSince === null || pull.updatedAt > memory.pullsSince) memory.pullsSince = pull.updatedAt;
  }
}

/** A large repository has ten thousands of pull requests that people opened from branches of their own. */
function concerns({ botLogin }: GitHubPort, { author, branch }: Pull): boolean {
  return author === botLogin || branch.startsWith('research/');
}

/** The App's pull requests for experiments, with and without a readable marker. */
export function experimentsIn(
  port: GitHubPort,
  memory: Memory,
): Pick<Snapshot, 'experiments' | 'unreadable'> {
  const subjects = [...memory.pulls.values()].map(pull => {
    const subject = memory.subjects.get(pull) ?? subjectOf(port, pull);
    memory.subjects.set(pull, subject);
    return subject;
  });
  return {
    experiments: subjects.flatMap(subject => (subject.kind === 'experiment' ? [subject.experiment] : [])),
    unreadable: subjects.flatMap(subject => (subject.kind === 'unreadable' ? [subject.unreadable] : [])),
  };
}

function subjectOf(port: GitHubPort, pull: Pull): Subject {
  const parts = EXPERIMENT_BRANCH.exec(pull.branch);
  if (!parts || !isOwn(port, pull)) return { kind: 'foreign' };
  const marker = readMarker('experiment', pull.body, experimentMarkerSchema);
  const { number, state, title, branch, base, headSha, mergeCommit } = pull;
  if (!marker || branch !== branchName(marker.campaign, marker.number)) {
    const [campaign, experiment] = [Number(parts[1]), Number(parts[2])];
    const open = state === 'open';
    return { kind: 'unreadable', unreadable: { pull: number, open, campaign, number: experiment } };
  }
  const labelled = pull.labels.includes(RESEARCH_LABEL);
  const stacked = pull.labels.includes(STACKED_LABEL);
  const experiment = {
    pull: number,
    state,
    title,
    branch,
    base,
    headSha,
    mergeCommit,
    marker,
    labelled,
    stacked,
  };
  return { kind: 'experiment', experiment };
}

/** The App's pull requests for campaigns' own branches. */
export function promotionsIn(port: GitHubPort, memory: Memory): Promotion[] {
  return [...memory.pulls.values()].flatMap(pull => {
    const parts = /^research\/(\d+)\/base$/.exec(pull.branch);
    if (!parts || !isOwn(port, pull)) return [];
    const { number, state, headSha, body } = pull;
    const marker = readMarker('promotion', body, promotionMarkerSchema);
    return [{ pull: number, campaign: Number(parts[1]), state, headSha, marker }];
  });
}

/**
 * Branches of experiments that have no pull request, because the App was killed in between. A branch of such a name with a person's commits
 * or pull request is not the App's. Commits are only read for branches without a pull request.
 */
export async function leftoversIn(
  port: GitHubPort,
  memory: Memory,
  branches: Snapshot['branches'],
  campaigns: readonly Campaign[],
): Promise<string[]> {
  const own = [...memory.pulls.values()].filter(pull => isOwn(port, pull));
  const taken = new Set([...offeredIn(memory), ...own.map(({ branch }) => branch)]);
  const lone = [...branches].filter(
    ([branch]) =>
      !taken.has(branch) &&
      campaigns.some(({ issue }) => branch.startsWith(`research/${issue}/`)) &&
      EXPERIMENT_BRANCH.test(branch),
  );
  const tips = await Promise.all(lone.map(([, sha]) => port.commit(sha)));
  return lone.flatMap(([branch], i) => (isCandidateFor(branch, tips[i]?.message ?? '') ? [branch] : []));
}

/** Branches with an open pull request by anyone. */
export function offeredIn({ pulls }: Memory): Set<string> {
  const open = [...pulls.values()].filter(({ state }) => state === 'open');
  return new Set(open.map(({ branch }) => branch));
}

/** Whether the App opened a pull request from a branch of this repository. */
function isOwn({ repository, botLogin }: GitHubPort, { author, headRepository }: Pull): boolean {
  const full = `${repository.owner}/${repository.name}`.toLowerCase();
  return author === botLogin && headRepository.toLowerCase() === full;
}
