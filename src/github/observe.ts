/** Observe: reads GitHub into a snapshot. What it remembers between two looks only saves requests, and may be lost. */

import { campaignBranch } from '../campaign/campaign-base.ts';
import { CAMPAIGN_BASE, CONTRACT_PATH } from '../campaign/contract.ts';
import { parseContract } from '../campaign/contract-file.ts';
import {
  branchName,
  type Campaign,
  type CampaignState,
  campaignStateSchema,
  type Experiment,
  experimentMarkerSchema,
  type PendingCommand,
  type Promotion,
  promotionMarkerSchema,
  RESEARCH_LABEL,
  type Snapshot,
  type UnreadableExperiment,
} from '../campaign/model.ts';
import { currentCampaign } from '../campaign/queries.ts';
import { isCandidateFor } from '../render/pull.ts';
import { readAttempts } from './attempts.ts';
import { duplicateComments } from './duplicates.ts';
import { readMarker } from './marker.ts';
import { commandsIn, pending } from './pending.ts';
import type { Comment, Commit, GitHubPort, Issue, Pull } from './port.ts';
import { noRefusals, type Refusals } from './refusals.ts';
import { noticeKey } from './replies.ts';

export interface Memory {
  pulls: Map<number, Pull>;
  /** What each of `pulls` is to the App: read once, because a pull request that changed is another object. */
  subjects: WeakMap<Pull, Subject>;
  /** Time of the newest edit among `pulls`. */
  pullsSince: string | null;
  /** Status comments by issue. */
  statusComments: Map<number, number>;
  /** Issues of campaigns whose status comment may still have to change, closed issues included. */
  alive: Set<number>;
  /** Contracts by commit. */
  contracts: Map<string, Snapshot['contract']>;
  /** Comments up to here were looked at. */
  commentsSeen: Date | null;
  /** Issues that a person labelled and no campaign is on: when they were last updated. */
  bare: Map<number, string>;
  /** When a look last saw a run that had ended by itself. */
  runEndedAt: string | null;
  refusals: Refusals;
}

/** A pull request on an experiment's branch, if it is the App's own. */
type Subject =
  | { kind: 'experiment'; experiment: Experiment }
  | { kind: 'unreadable'; unreadable: UnreadableExperiment }
  | { kind: 'foreign' };

export function emptyMemory(): Memory {
  return {
    pulls: new Map(),
    subjects: new WeakMap(),
    pullsSince: null,
    statusComments: new Map(),
    alive: new Set(),
    contracts: new Map(),
    commentsSeen: null,
    bare: new Map(),
    runEndedAt: null,
    refusals: noRefusals(),
  };
}

/** A bot that was away looks this far back for commands, and for campaigns that it no longer finds otherwise. */
const LOOK_BACK_HOURS = 24;
const EXPERIMENT_BRANCH = /^research\/(\d+)\/(\d+)$/;
/** Looks overlap by this much, because clocks differ and lists lag. */
const OVERLAP_SECONDS = 300;

/** One look at a repository, without what agents think about. Throws what the port throws; a partial look is no snapshot. */
export async function observe(port: GitHubPort, memory: Memory, now: Date): Promise<Snapshot> {
  const { defaultBranch } = await port.about();
  const home = await port.commit(defaultBranch);
  if (!home) return emptySnapshot(defaultBranch);
  const [comments, branches] = await Promise.all([
    port.commentsSince(lookBack(memory, now)),
    port.branches('research/'),
    readPulls(port, memory),
  ]);
  const { experiments, unreadable } = experimentsIn(port, memory);
  const commands = commandsIn(comments, port.botLogin);
  const met = memory.commentsSeen === null ? metAgain(comments, port.botLogin) : [];
  const promotions = promotionsIn(port, memory);
  const campaigns = await readCampaigns(port, memory, experiments, promotions, commands, met);
  const snapshot: Snapshot = {
    home: { branch: defaultBranch, sha: home.sha, tree: home.tree },
    ...(await readBase(port, memory, { branch: defaultBranch, tip: home }, campaigns)),
    campaigns,
    experiments,
    unreadable,
    promotions,
    attempts: new Map(),
    repeated: [],
    thoughts: [],
    branches,
    leftovers: await leftoversIn(port, memory, branches, campaigns),
    runEndedAt: null,
    commands: pending(commands, comments, campaigns, experiments, memory.pulls, port.botLogin).filter(
      ({ comment }) => !memory.refusals.unanswerable.has(comment),
    ),
    duplicates: duplicateComments(comments, campaigns, port.botLogin),
  };
  memory.commentsSeen = seenUntil(comments, snapshot.commands, now);
  const trials = await readAttempts(port, snapshot);
  const ended = [...trials.attempts.values()].some(
    ({ run }) => run?.status === 'completed' && run.conclusion !== 'cancelled',
  );
  if (ended) memory.runEndedAt = now.toISOString();
  return {
    ...snapshot,
    ...trials,
    runEndedAt: memory.runEndedAt,
    duplicates: [...snapshot.duplicates, ...trials.duplicates],
  };
}

/**
 * Branches of experiments that a kill left without their pull requests. What people put on a branch of such a name, or opened a pull
 * request of, is theirs. GitHub is asked only where a branch has no pull request of the App's.
 */
async function leftoversIn(
  port: GitHubPort,
  memory: Memory,
  branches: Snapshot['branches'],
  campaigns: readonly Campaign[],
): Promise<string[]> {
  const pulls = [...memory.pulls.values()];
  const taken = new Set(
    pulls.filter(pull => pull.state === 'open' || isOwn(port, pull)).map(({ branch }) => branch),
  );
  const lone = [...branches].filter(
    ([branch]) =>
      !taken.has(branch) &&
      campaigns.some(({ issue }) => branch.startsWith(`research/${issue}/`)) &&
      EXPERIMENT_BRANCH.test(branch),
  );
  const tips = await Promise.all(lone.map(([, sha]) => port.commit(sha)));
  return lone.flatMap(([branch], i) => (isCandidateFor(branch, tips[i]?.message ?? '') ? [branch] : []));
}

function emptySnapshot(branch: string): Snapshot {
  const base = { branch, sha: '', tree: '' };
  return {
    home: base,
    base,
    campaignTip: null,
    promotions: [],
    contract: { kind: 'missing' },
    campaigns: [],
    experiments: [],
    unreadable: [],
    attempts: new Map(),
    repeated: [],
    thoughts: [],
    branches: new Map(),
    leftovers: [],
    runEndedAt: null,
    commands: [],
    duplicates: [],
  };
}

/**
 * Where the current campaign works, and what holds there. Which branch that is stands on the default branch; what holds, on the base
 * itself, as for the action. A campaign's own branch is nobody's to push to, so what can be changed while it runs (who has ideas, how
 * many runners there are, and the limits) holds as on the default branch.
 */
async function readBase(
  port: GitHubPort,
  memory: Memory,
  home: { branch: string; tip: Commit },
  campaigns: readonly Campaign[],
): Promise<Pick<Snapshot, 'base' | 'contract' | 'campaignTip'>> {
  const own = await readContract(port, memory, home.tip);
  const at = (branch: string, { sha, tree }: Commit) => ({ base: { branch, sha, tree } });
  const here = { ...at(home.branch, home.tip), contract: own, campaignTip: null };
  if (own.kind !== 'contract') return here;
  const { base, agents, parallel, limits } = own.contract;
  const current = currentCampaign({ campaigns: [...campaigns] });
  if (base === null || base === home.branch || (base === CAMPAIGN_BASE && !current)) return here;
  const branch = base === CAMPAIGN_BASE && current ? campaignBranch(current.issue) : base;
  const tip = await port.commit(branch);
  if (base !== CAMPAIGN_BASE) {
    if (!tip) return { ...here, base: { ...here.base, branch }, contract: noBase(branch) };
    return { ...at(branch, tip), contract: await readContract(port, memory, tip), campaignTip: null };
  }
  if (!tip) return here;
  const there = await readContract(port, memory, tip);
  const contract =
    there.kind === 'contract'
      ? { ...there, contract: { ...there.contract, base, agents, parallel, limits } }
      : there;
  return { ...at(branch, tip), contract, campaignTip: tip };
}

async function readContract(
  port: GitHubPort,
  memory: Memory,
  { sha }: Commit,
): Promise<Snapshot['contract']> {
  const known = memory.contracts.get(sha);
  if (known) return known;
  const text = await port.file(CONTRACT_PATH, sha);
  const file: Snapshot['contract'] = text === null ? { kind: 'missing' } : parseContract(text);
  // Only the newest two can be asked for again: the default branch's and the base's.
  memory.contracts = new Map([...[...memory.contracts].slice(-1), [sha, file]]);
  return file;
}

function noBase(branch: string): Snapshot['contract'] {
  return {
    kind: 'problems',
    problems: [{ line: 1, key: 'base', expected: 'a branch that exists', found: branch }],
  };
}

async function readPulls(port: GitHubPort, memory: Memory): Promise<void> {
  for (const pull of await port.pullsSince(memory.pullsSince)) {
    memory.pulls.set(pull.number, pull);
    if (memory.pullsSince === null || pull.updatedAt > memory.pullsSince) memory.pullsSince = pull.updatedAt;
  }
}

/** The App's pull requests on experiment branches, those that can be read and those whose marker is gone. */
function experimentsIn(port: GitHubPort, memory: Memory): Pick<Snapshot, 'experiments' | 'unreadable'> {
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
  const experiment = { pull: number, state, title, branch, base, headSha, mergeCommit, marker, labelled };
  return { kind: 'experiment', experiment };
}

/** The App's pull requests from campaigns' own branches. */
function promotionsIn(port: GitHubPort, memory: Memory): Promotion[] {
  return [...memory.pulls.values()].flatMap(pull => {
    const parts = /^research\/(\d+)\/base$/.exec(pull.branch);
    if (!parts || !isOwn(port, pull)) return [];
    const { number, state, headSha, body } = pull;
    const marker = readMarker('promotion', body, promotionMarkerSchema);
    return [{ pull: number, campaign: Number(parts[1]), state, headSha, marker }];
  });
}

/** Whether the App made a pull request, from a branch of this repository. */
function isOwn({ repository, botLogin }: GitHubPort, { author, headRepository }: Pull): boolean {
  const full = `${repository.owner}/${repository.name}`.toLowerCase();
  return author === botLogin && headRepository.toLowerCase() === full;
}

function lookBack(memory: Memory, now: Date): Date {
  const overlap = OVERLAP_SECONDS * 1000;
  // In steps: the same question again costs nothing while its answer stays the same.
  if (memory.commentsSeen) return new Date(Math.floor(memory.commentsSeen.getTime() / overlap - 1) * overlap);
  return new Date(now.getTime() - LOOK_BACK_HOURS * 3_600_000);
}

/** A command that could not be answered yet is looked at again, however long that takes. */
function seenUntil(comments: readonly Comment[], commands: readonly PendingCommand[], now: Date): Date {
  const waiting = new Set(commands.map(({ comment }) => comment));
  const times = comments.filter(({ id }) => waiting.has(id)).map(({ createdAt }) => Date.parse(createdAt));
  return new Date(Math.min(now.getTime(), ...times));
}

async function readCampaigns(
  port: GitHubPort,
  memory: Memory,
  experiments: readonly Experiment[],
  promotions: readonly Promotion[],
  commands: readonly PendingCommand[],
  met: readonly Comment[],
): Promise<Campaign[]> {
  const labelled = (await port.openIssues(RESEARCH_LABEL)).filter(issue => !issue.isPull);
  const open = new Map(labelled.map(issue => [issue.number, issue.updatedAt]));
  const pulls = new Map(experiments.map(({ pull, marker }) => [pull, marker.campaign]));
  const unfinished = [
    ...experiments.filter(e => e.state === 'open' || e.marker.verdict === null).map(e => e.marker.campaign),
    ...promotions.filter(({ state }) => state === 'open').map(({ campaign }) => campaign),
  ];
  const asked = commands.map(({ issue }) => pulls.get(issue) ?? issue);
  const touched = new Set([...asked, ...experiments.map(e => e.marker.campaign)]);
  // One that has ended may have been told of less than came of it.
  const late = met.map(({ issue }) => issue);
  const campaigns: Campaign[] = [];
  for (const number of new Set([...open.keys(), ...unfinished, ...memory.alive, ...asked, ...late])) {
    const updatedAt = open.get(number);
    const known = updatedAt !== undefined;
    if (known && !touched.has(number) && memory.bare.get(number) === updatedAt) continue;
    const issue = known ? { open: true, isPull: false, labels: [RESEARCH_LABEL] } : await port.issue(number);
    if (!issue || issue.isPull) continue;
    const campaign = await readCampaign(port, memory, number, issue, met);
    if (campaign.comment) memory.bare.delete(number);
    else if (known) memory.bare.set(number, updatedAt);
    if (campaign.comment || known || unfinished.includes(number)) campaigns.push(campaign);
  }
  for (const { issue } of campaigns) memory.alive.add(issue);
  return campaigns.sort((a, b) => a.issue - b.issue);
}

/**
 * The App's own status comments among `comments`, oldest first. What was closed, or lost its label, while the App was away is in no list
 * of open issues.
 */
function metAgain(comments: readonly Comment[], botLogin: string): Comment[] {
  return comments
    .filter(({ author, body }) => author === botLogin && stateIn(body) !== null)
    .sort((a, b) => a.id - b.id);
}

function stateIn(body: string): CampaignState | null {
  return readMarker('campaign', body, campaignStateSchema);
}

function isLive(state: CampaignState | null): boolean {
  return state?.phase === 'running' || state?.phase === 'paused';
}

async function readCampaign(
  port: GitHubPort,
  memory: Memory,
  issue: number,
  { open, labels }: Pick<Issue, 'open' | 'labels'>,
  met: readonly Comment[],
): Promise<Campaign> {
  const campaign = { issue, issueOpen: open, labelled: labels.includes(RESEARCH_LABEL) };
  const remembered = memory.statusComments.get(issue);
  const quick =
    remembered === undefined ? met.find(found => found.issue === issue) : await port.comment(remembered);
  const known = quick ? stateIn(quick.body) : null;
  if (quick && known) {
    memory.statusComments.set(issue, quick.id);
    return { ...campaign, comment: quick, state: known, notices: [] };
  }
  const own = (await port.comments(issue)).filter(comment => comment.author === port.botLogin);
  // Two Apps at once may have written one each: both go on with the first.
  const comment = own.find(({ body }) => stateIn(body) !== null) ?? null;
  const state = comment && stateIn(comment.body);
  if (comment) memory.statusComments.set(issue, comment.id);
  return { ...campaign, comment, state, notices: own.flatMap(found => noticeKey(found.body) ?? []) };
}

/** After everything was done and told: campaigns that have ended need no more looks, but for what a person does with a promotion. */
export function forgetEnded(memory: Memory, snapshot: Snapshot): void {
  const offered = new Set(
    snapshot.promotions.filter(each => each.state === 'open').map(each => each.campaign),
  );
  for (const { issue, state } of snapshot.campaigns)
    if (!isLive(state) && !offered.has(issue)) memory.alive.delete(issue);
}
