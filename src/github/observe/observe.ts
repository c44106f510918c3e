/** Reads GitHub into a snapshot. */

import type { Campaign, PendingCommand, Snapshot } from '../../campaign/model.ts';
import { campaignBranch } from '../../campaign/own-branch.ts';
import { currentCampaign } from '../../campaign/queries.ts';
import { CAMPAIGN_BASE, CONTRACT_PATH } from '../../protocol/contract.ts';
import { parseContract } from '../../protocol/contract-file.ts';
import { askTwice } from '../errors.ts';
import type { Comment, Commit, GitHubPort } from '../port.ts';
import { readAttempts } from './attempts.ts';
import { metAgain, readCampaigns } from './campaigns.ts';
import { commandsIn, pendingCommands } from './commands.ts';
import { duplicateComments } from './duplicates.ts';
import type { Memory } from './memory.ts';
import { toldIn, withPermissions } from './permissions.ts';
import { experimentsIn, leftoversIn, offeredIn, promotionsIn, readPulls } from './pulls.ts';

/** After a restart, comments of the last day are searched for commands, and for campaigns that cannot be found otherwise. */
const LOOK_BACK_HOURS = 24;

/** Looks at comments overlap by this much, because clocks differ and lists lag behind. */
const OVERLAP_SECONDS = 300;

/** Reads a snapshot, apart from the agents' thoughts. Throws what the port throws: there are no partial snapshots. */
export async function observe(port: GitHubPort, memory: Memory, now: Date): Promise<Snapshot> {
  const { url, defaultBranch } = await port.about();
  const home = await port.commit(defaultBranch);
  if (!home) return emptySnapshot(url, defaultBranch);
  const since = lookBack(memory, now);
  const [issues, answers, branches] = await Promise.all([
    port.issuesSince(since),
    port.commentsSince(since),
    port.branches('research/'),
    readPulls(port, memory),
  ]);
  const comments = [...issues, ...answers].sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  const { experiments, unreadable } = experimentsIn(port, memory);
  const commands = commandsIn(comments, port.botLogin, memory);
  const met = metAgain(comments, port.botLogin);
  const promotions = promotionsIn(port, memory);
  const campaigns = await readCampaigns(port, memory, experiments, promotions, commands, met);
  const needed = campaigns.length > 0 || commands.length > 0;
  memory.told = toldIn(comments, port.botLogin, memory.told, now);
  const pending = pendingCommands(commands, {
    comments,
    campaigns,
    experiments,
    pulls: memory.pulls,
    botLogin: port.botLogin,
    told: memory.told,
  });
  const { commands: due, later } = await withPermissions(port, pending, memory.told, now);
  const snapshot: Snapshot = {
    url,
    home: { branch: defaultBranch, sha: home.sha, tree: home.tree },
    ...(await readBase(port, memory, { branch: defaultBranch, tip: home }, campaigns, needed)),
    campaigns,
    experiments,
    unreadable,
    promotions,
    attempts: new Map(),
    repeated: [],
    thoughts: [],
    branches,
    leftovers: await leftoversIn(port, memory, branches, campaigns),
    offered: offeredIn(memory),
    runEndedAt: null,
    commands: due,
    duplicates: duplicateComments(comments, campaigns, port.botLogin),
  };
  memory.commentsSeen = seenUntil(comments, [...due, ...later], snapshot.duplicates, now);
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

function emptySnapshot(url: string, branch: string): Snapshot {
  const base = { branch, sha: '', tree: '' };
  return {
    url,
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
    offered: new Set(),
    runEndedAt: null,
    commands: [],
    duplicates: [],
  };
}

/**
 * The base that the current campaign works on, and its contract. The contract on the default branch says which branch that is. The contract
 * on the base applies there, as it does for the action. People cannot push to a campaign's own branch, so the settings that may change while
 * it runs (agents, runners, limits, and what is measured at the end) come from the default branch.
 */
async function readBase(
  port: GitHubPort,
  memory: Memory,
  home: { branch: string; tip: Commit },
  campaigns: readonly Campaign[],
  needed: boolean,
): Promise<Pick<Snapshot, 'base' | 'contract' | 'campaignTip'>> {
  const own = await readContract(port, memory, home.tip, needed);
  const at = (branch: string, { sha, tree }: Commit) => ({ base: { branch, sha, tree } });
  const here = { ...at(home.branch, home.tip), contract: own, campaignTip: null };
  if (own.kind !== 'contract') return here;
  const { base, agents, parallel, limits, ladder, promote, time_to_quality, digest } = own.contract;
  const current = currentCampaign({ campaigns: [...campaigns] });
  if (base === null || base === home.branch || (base === CAMPAIGN_BASE && !current)) return here;
  const branch = base === CAMPAIGN_BASE && current ? campaignBranch(current.issue) : base;
  const tip = await port.commit(branch);
  if (base !== CAMPAIGN_BASE) {
    if (!tip) return { ...here, base: { ...here.base, branch }, contract: noBase(branch) };
    return { ...at(branch, tip), contract: await readContract(port, memory, tip, needed), campaignTip: null };
  }
  if (!tip) return here;
  const there = await readContract(port, memory, tip, needed);
  const contract =
    there.kind === 'contract'
      ? {
          ...there,
          contract: {
            ...there.contract,
            base,
            agents,
            parallel,
            limits,
            ladder,
            promote,
            time_to_quality,
            digest,
          },
        }
      : there;
  return { ...at(branch, tip), contract, campaignTip: tip };
}

/** A missing contract is read again at each look if it is `needed`, because a wrong answer must not pause a campaign for good. */
async function readContract(
  port: GitHubPort,
  memory: Memory,
  { sha }: Commit,
  needed: boolean,
): Promise<Snapshot['contract']> {
  const known = memory.contracts.get(sha);
  if (known && (known.kind !== 'missing' || !needed)) return known;
  const text = await askTwice(() => port.file(CONTRACT_PATH, sha));
  const file: Snapshot['contract'] = text === null ? { kind: 'missing' } : parseContract(text);
  // Only two contracts can be needed again: the default branch's and the base's.
  memory.contracts = new Map([...[...memory.contracts].slice(-1), [sha, file]]);
  return file;
}

function noBase(branch: string): Snapshot['contract'] {
  return {
    kind: 'problems',
    problems: [{ line: 1, key: 'base', expected: 'an existing branch', found: branch }],
  };
}

function lookBack(memory: Memory, now: Date): Date {
  const overlap = OVERLAP_SECONDS * 1000;
  // Rounded, because repeating the same request is free while its answer does not change.
  if (memory.commentsSeen) return new Date(Math.floor(memory.commentsSeen.getTime() / overlap - 1) * overlap);
  return new Date(now.getTime() - LOOK_BACK_HOURS * 3_600_000);
}

/** Pending commands and duplicate comments are looked at again, for up to a day. */
function seenUntil(
  comments: readonly Comment[],
  commands: readonly PendingCommand[],
  duplicates: Snapshot['duplicates'],
  now: Date,
): Date {
  const waiting = new Set(commands.map(({ comment }) => comment));
  const twice = new Set(duplicates.flatMap(each => (each.kind === 'comment' ? each.id : [])));
  const dayAgo = now.getTime() - LOOK_BACK_HOURS * 3_600_000;
  const times = comments.flatMap(({ id, createdAt, updatedAt }) => {
    if (waiting.has(id)) return Math.max(dayAgo, Date.parse(createdAt));
    return twice.has(id) ? Math.max(dayAgo, Date.parse(updatedAt)) : [];
  });
  return new Date(Math.min(now.getTime(), ...times));
}
