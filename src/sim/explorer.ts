/** The agents of a simulation: propose edits of one setting, some good, some bad, some no edits at all. */
import type { Agent, Proposal, ProposalRequest } from '../agents/agent.ts';
import { applyEdits } from '../agents/edit.ts';
import type { Cost, Edit, Idea } from '../campaign/idea.ts';
import { LARGEST, NAMES, SETTINGS, settingOf } from './landscape.ts';
import type { Random } from './random.ts';

/** What one question to the agent costs; the totals of a campaign are checked against it. */
export const PROPOSAL_COST: Cost = { calls: 1, inputTokens: 100, outputTokens: 10, usd: 0.01 };

/** What they understand of ideas. */
const SETTING = /^(\w+) = (\d+)$/;

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
  /** Hears of every question that was answered, and so costs something. */
  onAnswer(kind: 'idea' | 'try' | 'port' | 'repair'): void;
}

/** In the place of the built-in agent: says at once which ideas of people it does not understand, and may have nothing left to try. */
export function explorer(options: ExplorerOptions): Agent {
  return {
    name: 'explore',
    objectsTo: wish => (SETTING.test(wish) ? null : 'Expected an idea such as `depth = 3`.'),
    async propose(request, signal) {
      await think(options, request, signal);
      if (options.random.chance(0.01)) return { kind: 'exhausted', cost: PROPOSAL_COST };
      return proposal(options, request, 0);
    },
  };
}

/**
 * In the place of a language model: takes any idea of people's, thinks it over and may then fail, never runs out of ideas, and is asked
 * to repair what crashed and to port what no longer fits, which it can now and then.
 */
export function languageModel(options: ExplorerOptions): Agent {
  return {
    name: 'model',
    async propose(request, signal) {
      await think(options, request, signal);
      if (options.random.chance(0.05))
        return { kind: 'failed', reason: 'The endpoint answered 500.', cost: PROPOSAL_COST };
      return proposal(options, request, 0.8);
    },
  };
}

/** Throws when nobody waits for the answer any more, which then costs nothing that anybody could know of. */
async function think(
  options: ExplorerOptions,
  { again, wish }: ProposalRequest,
  signal: AbortSignal,
): Promise<void> {
  await options.think();
  signal.throwIfAborted();
  options.onAnswer(again?.kind ?? (wish === null ? 'idea' : 'try'));
}

/** @param quotes share of edits that quote what is around a change */
async function proposal(
  { random, ...shares }: ExplorerOptions,
  request: ProposalRequest,
  quotes: number,
): Promise<Proposal> {
  const own = () => (random.chance(shares.nonsense) ? nonsense(random) : sensible(random, shares, request));
  const bare =
    (request.again && random.chance(0.8) ? secondTry(random, request.again, request) : null) ??
    (request.wish === null ? own() : wished(request.wish, request));
  const edit = random.chance(quotes) ? withNeighbours(bare, request) : bare;
  const idea: Idea = {
    title: (random.chance(0.1) ? random.pick(NASTY) : newLine(edit)).slice(0, 80) || 'nothing',
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

/** The edit with the whole file around it: it does not fit any more where somebody changed another line. */
function withNeighbours(edit: Edit, { files }: ProposalRequest): Edit {
  const text = files.get(SETTINGS) ?? '';
  if (edit.search === '' || !text.includes(edit.search)) return edit;
  return { ...edit, search: text, replace: text.replace(edit.search, () => edit.replace) };
}

/** The first line that an edit brings and that was not there before. */
function newLine({ search, replace }: Edit): string {
  const before = search.split('\n');
  return replace.split('\n').find(line => !before.includes(line)) ?? replace;
}

/** A crashing setting is set to something that may run; what no longer fits is changed from what it is now. Null where no setting is named. */
function secondTry(
  random: Random,
  { kind, idea }: NonNullable<ProposalRequest['again']>,
  { files }: ProposalRequest,
): Edit | null {
  const [, name = '', wanted = ''] = SETTING.exec(idea.edits.map(newLine)[0] ?? '') ?? [];
  if (settingOf(files, name) === null) return null;
  const value = kind === 'port' ? wanted : random.whole(0, LARGEST + 3);
  return wished(`${name} = ${value}`, { files });
}

function wished(wish: string, { files }: Pick<ProposalRequest, 'files'>): Edit {
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
