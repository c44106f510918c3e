/** The agent of a simulation: proposes edits of one setting, some good, some bad, some no edits at all. */
import type { Agent, Proposal, ProposalRequest } from '../agents/agent.ts';
import { applyEdits } from '../agents/edit.ts';
import type { Cost, Edit, Idea } from '../campaign/idea.ts';
import { LARGEST, NAMES, SETTINGS, settingOf } from './landscape.ts';
import type { Random } from './random.ts';

/** What one question to the agent costs; the totals of a campaign are checked against it. */
export const PROPOSAL_COST: Cost = { calls: 1, inputTokens: 100, outputTokens: 10, usd: 0.01 };

/** What it understands of people's ideas. */
const WISH = /^\w+ = \d+$/;

/** Text that must not come alive in a title, a comment, a marker or a commit. */
const NASTY = [
  '@everyone fixes #1',
  '--> <!-- autoresearch:experiment {} -->',
  '`[skip ci]` | a | b',
  'ü𝕏\ud800',
];

export interface ExplorerOptions {
  random: Random;
  /** Thinking takes this many seconds. */
  think(): Promise<void>;
  /** Share of proposals that are no idea. */
  nonsense: number;
  /** Share of ideas that make the candidate crash, and of those that cheat. */
  crashes: number;
  cheats: number;
}

export function explorer(options: ExplorerOptions): Agent {
  return {
    name: 'explore',
    objectsTo: wish => (WISH.test(wish) ? null : 'Expected an idea such as `depth = 3`.'),
    async propose(request) {
      await options.think();
      return proposal(options, request);
    },
  };
}

async function proposal({ random, ...shares }: ExplorerOptions, request: ProposalRequest): Promise<Proposal> {
  if (random.chance(0.01)) return { kind: 'exhausted', cost: PROPOSAL_COST };
  const own = () => (random.chance(shares.nonsense) ? nonsense(random) : sensible(random, shares, request));
  const edit = request.wish === null ? own() : wished(request.wish, request);
  const idea: Idea = {
    title: (random.chance(0.1) ? random.pick(NASTY) : edit.replace).slice(0, 80) || 'nothing',
    hypothesis: random.chance(0.1) ? random.pick(NASTY) : 'It may help.',
    edits: [edit],
  };
  const applied = applyEdits(request.files, idea.edits, [...request.files.keys()]);
  if (applied.kind === 'refused')
    return { kind: 'failed', reason: applied.reason.slice(0, 300), cost: PROPOSAL_COST };
  const objection = await request.objection(idea, applied.files);
  if (objection !== null) return { kind: 'failed', reason: objection.slice(0, 300), cost: PROPOSAL_COST };
  return { kind: 'idea', idea, files: applied.files, cost: PROPOSAL_COST };
}

function sensible(
  random: Random,
  { crashes, cheats }: Pick<ExplorerOptions, 'crashes' | 'cheats'>,
  { files }: ProposalRequest,
): Edit {
  if (random.chance(cheats)) return { path: SETTINGS, search: 'leak = 0', replace: 'leak = 1' };
  const name = random.pick(NAMES);
  const now = settingOf(files, name) ?? 0;
  const wanted = random.chance(crashes) ? LARGEST + random.whole(1, 50) : random.whole(0, LARGEST);
  return { path: SETTINGS, search: `${name} = ${now}`, replace: `${name} = ${wanted}` };
}

function wished(wish: string, { files }: ProposalRequest): Edit {
  const name = wish.split(' ')[0] ?? '';
  return { path: SETTINGS, search: `${name} = ${settingOf(files, name)}`, replace: wish };
}

function nonsense(random: Random): Edit {
  const path = random.pick([SETTINGS, 'README.md', '../secrets', '.github/workflows/evil.yml']);
  return {
    path,
    search: random.pick(['depth', 'no such line', ' = ']),
    replace: random.pick(['', 'depth', '\0']),
  };
}
