/** Observe: reads GitHub into a snapshot. */

import type { Campaign, Snapshot } from '../../campaign/model.ts';
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
import { experimentsIn, leftoversIn, offeredIn, promotionsIn, readPulls } from './pulls.ts';

/** A bot that was away looks this far back for commands, and for campaigns that it no longer finds otherwise. */
const LOOK_BACK_HOURS = 24;

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
  const needed = campaigns.length > 0 || commands.length > 0;
  const snapshot: Snapshot = {
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
    commands: pendingCommands(commands, {
      comments,
      campaigns,
      experiments,
      pulls: memory.pulls,
      botLogin: port.botLogin,
    }),
    duplicates: duplicateComments(comments, campaigns, port.botLogin),
  };
  memory.commentsSeen = seenUntil(comments, snapshot, now);
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
    offered: new Set(),
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
  needed: boolean,
): Promise<Pick<Snapshot, 'base' | 'contract' | 'campaignTip'>> {
  const own = await readContract(port, memory, home.tip, needed);
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
    return { ...at(branch, tip), contract: await readContract(port, memory, tip, needed), campaignTip: null };
  }
  if (!tip) return here;
  const there = await readContract(port, memory, tip, needed);
  const contract =
    there.kind === 'contract'
      ? { ...there, contract: { ...there.contract, base, agents, parallel, limits } }
      : there;
  return { ...at(branch, tip), contract, campaignTip: tip };
}

/** What is missing is asked for at every look where it is `needed`: believed for good, an odd answer would pause a campaign for good. */
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

function lookBack(memory: Memory, now: Date): Date {
  const overlap = OVERLAP_SECONDS * 1000;
  // In steps: the same question again costs nothing while its answer stays the same.
  if (memory.commentsSeen) return new Date(Math.floor(memory.commentsSeen.getTime() / overlap - 1) * overlap);
  return new Date(now.getTime() - LOOK_BACK_HOURS * 3_600_000);
}

/** A command that could not be answered yet and what is there twice are looked at again for a day. */
function seenUntil(
  comments: readonly Comment[],
  { commands, duplicates }: Pick<Snapshot, 'commands' | 'duplicates'>,
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
