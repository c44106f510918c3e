/** Builders of snapshots for tests. */
import { contractSchema } from '../protocol/contract.ts';
import type { Outcome } from '../protocol/measurement.ts';
import { NO_COST } from './idea.ts';
import type { CampaignState, ExperimentMarker, RecordedTrial } from './marker.ts';
import {
  type Attempt,
  branchName,
  type Campaign,
  type Experiment,
  type Run,
  type Snapshot,
} from './model.ts';

/** A 40-digit id made from a short text. */
export function sha(word: string): string {
  return [...word]
    .map(c => c.charCodeAt(0).toString(16))
    .join('')
    .padEnd(40, '0')
    .slice(0, 40);
}

export const NOW = new Date('2026-03-08T03:00:00Z');

export function ago(seconds: number): string {
  return new Date(NOW.getTime() - seconds * 1000).toISOString();
}

/** A referee's report: on an honest model, or with flags on a dishonest one. On the test text, the score is 0.01 higher. */
export function audited(flags: string[] = [], value = 1): NonNullable<RecordedTrial['refereed']> {
  return {
    claimed: 1,
    audit: { n: 8192, sd: 1e-7, largest: 1e-6, smallestLie: 0.001, flags },
    testValue: value + 0.01,
    startupSeconds: 20,
    scoringSeconds: 5,
    auditSeconds: 30,
  };
}

export function trial(
  id: string,
  tree: string,
  outcome: number | Outcome,
  more: Partial<RecordedTrial> = {},
): RecordedTrial {
  return {
    version: 1,
    trial: id,
    base: sha('champion'),
    candidate: sha(`${tree} commit`),
    tree: sha(tree),
    seed: 1,
    budgetSeconds: 300,
    machine: 'GPU',
    digest: 'd1',
    sandbox: 'none',
    outcome: typeof outcome === 'number' ? { status: 'measured', value: outcome } : outcome,
    preview: null,
    refereed: audited([], typeof outcome === 'number' ? outcome : 1),
    conditions: null,
    trainingSeconds: 300,
    totalSeconds: 330,
    peakMemoryMb: 1024,
    reported: {},
    numbers: {},
    runId: 1,
    ...more,
  };
}

export const CRASH: Outcome = {
  status: 'crash',
  reason: 'exception',
  message: 'ValueError: no',
  traceback: 'Traceback …',
};
export const FAULT: Outcome = { status: 'fault', message: 'The runner was unplugged.' };

/** Stopped early at 60% of the budget, with a preview of 1.2. */
export const STOPPED: Outcome = { status: 'stopped', value: 1.2, at: 0.6 };
/** Six baselines around 1.0 with noise 0.002, and previews 0.1 above them, ± 0.001. */
export const PREVIEWED = [1.0, 1.002, 0.998, 1.001, 0.999, 1.0].map((value, i) =>
  trial(`3/0.${i + 1}`, 'champion tree', value, {
    seed: 1 + (i % 3),
    preview: value + 0.1 + 0.001 * ((i % 5) - 2),
  }),
);

/** Three baselines around 1.0 with noise 0.002. */
export const BASELINES = [1.0, 1.002, 0.998].map((value, i) =>
  trial(`3/0.${i + 1}`, 'champion tree', value, { seed: i + 1 }),
);

function campaignState(more: Partial<CampaignState> = {}): CampaignState {
  return {
    version: 1,
    phase: 'running',
    reason: '',
    cause: null,
    reportDue: false,
    target: 5,
    parallel: null,
    budgetSeconds: null,
    agent: null,
    topic: '',
    startedBy: 'alice',
    startedAt: '2026-03-08T00:00:00Z',
    comments: [],
    asked: [],
    baselines: BASELINES,
    failedProposals: [],
    failedInARow: 0,
    failedCost: NO_COST,
    misfits: [],
    notices: [],
    forgiven: { baselines: 0, experiments: 0 },
    finals: [],
    base: null,
    ...more,
  };
}

export function campaign(state: Partial<CampaignState> | null = {}, more: Partial<Campaign> = {}): Campaign {
  return {
    issue: 3,
    issueOpen: true,
    labelled: true,
    comment: { id: 30, body: '', updatedAt: ago(600) },
    state: state && campaignState(state),
    notices: [],
    ...more,
  };
}

/** Experiment `number` of campaign 3, made on the champion, with pull request 10 + `number`. */
export function experiment(
  number: number,
  marker: Partial<ExperimentMarker> = {},
  more: Partial<Experiment> = {},
): Experiment {
  const full: ExperimentMarker = {
    version: 1,
    campaign: 3,
    number,
    agent: 'explore',
    idea: {
      title: `idea ${number}`,
      hypothesis: 'It helps.',
      edits: [{ path: 'trainer/train.py', search: 'a', replace: 'b' }],
    },
    champion: { sha: sha('champion'), tree: sha('champion tree') },
    commit: sha(`commit ${number}`),
    tree: sha(`tree ${number}`),
    previous: null,
    restacks: 0,
    addedTokens: 0,
    repairs: 0,
    earlier: { trials: 0, machineSeconds: 0 },
    staleTrials: 0,
    cost: NO_COST,
    trials: [],
    verdict: null,
    words: [],
    held: null,
    asked: null,
    parts: [],
    ...marker,
  };
  return {
    pull: 10 + number,
    state: 'open',
    title: full.idea.title,
    branch: branchName(full.campaign, number),
    base: 'main',
    headSha: full.commit,
    labelled: true,
    stacked: false,
    mergeCommit: null,
    marker: full,
    ...more,
  };
}

export function attempt(
  id: string,
  run: Partial<Run> | null,
  measurement: RecordedTrial | null = null,
  startedSecondsAgo = 10,
): Attempt {
  const full: Run = {
    id: 7,
    title: id,
    headSha: sha('champion'),
    status: 'in_progress',
    conclusion: null,
    createdAt: ago(60),
    url: 'https://github.test/run/7',
    ...run,
  };
  const check = { id: 70, startedAt: ago(startedSecondsAgo), completed: measurement !== null, measurement };
  return { trial: id, check, run: run && full };
}

/** A snapshot with the champion as the base, and the branches of the open experiments. */
export function snapshot(
  parts: Partial<Omit<Snapshot, 'attempts'>> & { attempts?: Attempt[] } = {},
): Snapshot {
  const experiments = parts.experiments ?? [];
  const open = experiments.filter(e => e.state === 'open');
  return {
    home: { branch: 'main', sha: sha('champion'), tree: sha('champion tree') },
    base: { branch: 'main', sha: sha('champion'), tree: sha('champion tree') },
    campaignTip: null,
    contract: { kind: 'contract', contract: contractSchema.parse({}) },
    campaigns: [campaign()],
    branches: new Map(open.map(e => [e.branch, e.headSha])),
    url: 'https://github.test/alice/gpt',
    leftovers: [],
    offered: new Set(open.map(e => e.branch)),
    runEndedAt: null,
    commands: [],
    duplicates: [],
    thoughts: [],
    unreadable: [],
    repeated: [],
    promotions: [],
    ...parts,
    experiments,
    attempts: new Map((parts.attempts ?? []).map(a => [a.trial, a])),
  };
}
