/** The built-in agent: changes one constant at a time, and learns the direction from the ledger. It needs neither key nor model. */
import { createHash } from 'node:crypto';
import { type Idea, NO_COST } from '../campaign/idea.ts';
import { quote } from '../text/markdown.ts';
import type { Agent, Proposal, ProposalRequest } from './agent.ts';
import { tidyTitle } from './answer.ts';
import { editOf } from './constant-edit.ts';
import type { Constant } from './constants.ts';
import { formatValue } from './literal.ts';
import { concerns, type Move, pastMoves } from './past.ts';
import { type Recorded, recorded } from './recorded.ts';
import { settingsIn, settingsText } from './settings.ts';
import { firstDirection, rankOf, type Step, stepped } from './steps.ts';
import { wishedIdea } from './wish.ts';

/** An agent that proposes neighbouring values of constants. The same seed, files and ledger give the same proposal. */
export function exploreAgent(config: { name: string }, seed = 0): Agent {
  return {
    name: config.name,
    objectsTo(wish, files) {
      const wished = wishedIdea(wish, files);
      return wished.kind === 'refused' ? wished.reason : null;
    },
    survey(files) {
      const settings = settingsIn(files);
      const text = settingsText(settings, [...files.keys()], part => quote(part, 80));
      return { any: settings.length > 0, text };
    },
    async propose(request, signal) {
      // A changed number cannot be repaired or ported.
      if (request.again) return { kind: 'exhausted', cost: NO_COST };
      if (request.wish !== null) return proposeRequested(request.wish, request);
      for (const candidate of candidates(request, seed)) {
        signal.throwIfAborted();
        const idea = ideaOf(candidate, request);
        if (idea === null) continue;
        const applied = recordedOn(request, idea);
        if (applied.kind === 'refused') continue;
        if ((await request.objection(applied.idea, applied.files)) !== null) continue;
        return { ...applied, kind: 'idea', cost: NO_COST };
      }
      signal.throwIfAborted();
      return { kind: 'exhausted', cost: NO_COST };
    },
  };
}

/** The experiment that a person requested. */
async function proposeRequested(wish: string, request: ProposalRequest): Promise<Proposal> {
  const wished = wishedIdea(wish, request.files);
  if (wished.kind === 'refused') return { kind: 'failed', reason: wished.reason, cost: NO_COST };
  const applied = recordedOn(request, wished.idea);
  const problem =
    applied.kind === 'refused' ? applied.reason : await request.objection(applied.idea, applied.files);
  if (applied.kind === 'refused' || problem !== null)
    return { kind: 'failed', reason: problem ?? '', cost: NO_COST };
  return { ...applied, kind: 'idea', cost: NO_COST };
}

function recordedOn({ files }: ProposalRequest, idea: Idea): Recorded {
  return recorded(files, idea, [...files.keys()]);
}

interface Candidate {
  constant: Constant;
  to: number;
  /** The merged experiment that set the current value, if there is one. */
  arrival: Move | undefined;
  /** Earlier moves away from the current value. */
  tried: readonly Move[];
  /** Lower comes first: a direction that was just merged is continued, then the constant with the fewest tries is next. */
  turn: number;
}

/** Every untried value, best first: by turn, then by importance for training, then by position in the files, or by seed. */
function candidates(request: ProposalRequest, seed: number): Candidate[] {
  const moves = pastMoves(request.ledger);
  const all = settingsIn(request.files).flatMap((constant, place) => {
    const order = seed === 0 ? place : hash(`${seed} ${constant.path} ${constant.name}`);
    const own = moves.filter(move => concerns(move, constant));
    return candidatesOf(constant, own, request.budgetSeconds).map(candidate => ({ candidate, order }));
  });
  all.sort(
    (a, b) =>
      a.candidate.turn - b.candidate.turn ||
      rankOf(a.candidate.constant) - rankOf(b.candidate.constant) ||
      a.order - b.order,
  );
  return all.map(({ candidate }) => candidate);
}

function candidatesOf(constant: Constant, own: readonly Move[], budgetSeconds: number): Candidate[] {
  const { value } = constant;
  const lastMerge = own.findLast(move => move.status === 'merged');
  const arrival = lastMerge?.to === value ? lastMerge : undefined;
  const tried = own.filter(move => move.from === value);
  const values = plan(constant, arrival, budgetSeconds).filter(
    to => to !== arrival?.from && !own.some(move => move.to === to || crashedBefore(move, to)),
  );
  return values.map((to, index) => {
    const isContinuation = arrival !== undefined && tried.length === 0 && index === 0;
    return { constant, to, arrival, tried, turn: isContinuation ? -1 : tried.length + index };
  });
}

/**
 * The values to try from the current one, in order: a full step in the promising direction, a smaller step in the other, then the values
 * between and beyond.
 */
function plan(constant: Constant, arrival: Move | undefined, budgetSeconds: number): number[] {
  const ahead =
    arrival === undefined ? firstDirection(constant) : Math.abs(arrival.to) > Math.abs(arrival.from) ? 1 : -1;
  const back = ahead === 1 ? -1 : 1;
  const steps: Step[] = [
    { direction: ahead, size: arrival === undefined ? 1 : sizeOf(arrival, constant) },
    { direction: back, size: 0.5 },
    { direction: ahead, size: 0.5 },
    { direction: back, size: 1 },
    { direction: ahead, size: 0.25 },
    { direction: back, size: 0.25 },
    { direction: ahead, size: 1 },
  ];
  const values = steps.map(step => stepped(constant, step, budgetSeconds));
  return [...new Set(values.filter(value => value !== null))];
}

/** The step size of a move, or the middle size if the move was not one of this agent's steps. */
function sizeOf({ from, to }: Move, constant: Constant): Step['size'] {
  const direction = Math.abs(to) > Math.abs(from) ? 1 : -1;
  const matches = (size: Step['size']) =>
    stepped({ ...constant, value: from }, { direction, size }, Infinity) === to;
  return ([1, 0.5, 0.25] as const).find(matches) ?? 0.5;
}

/** Once a value has crashed, neither it nor any value beyond it is tried again. */
function crashedBefore({ status, from, to }: Move, value: number): boolean {
  return status === 'crash' && (to > from ? value >= to : value <= to);
}

function ideaOf(candidate: Candidate, request: ProposalRequest): Idea | null {
  const { constant, to } = candidate;
  const written = formatValue(constant, to);
  const edit = editOf(constant, written, request.files.get(constant.path) ?? '');
  if (edit === null) return null;
  return {
    title: tidyTitle(`${constant.name} ${constant.written} → ${written}`),
    hypothesis: hypothesisOf(candidate, request.metric.name),
    edits: [edit],
  };
}

function hypothesisOf({ constant, to, arrival, tried }: Candidate, metric: string): string {
  const { name, value, notation } = constant;
  const change = notation === 'boolean' ? 'Switching' : to > value ? 'Raising' : 'Lowering';
  const last = tried.at(-1);
  if (last !== undefined) {
    const outcome = {
      crash: 'crashed',
      running: 'is being measured',
      closed: 'did not help',
      merged: 'helped',
    }[last.status];
    return `${change} ${name} may improve ${metric}: going from ${value} to ${last.to} ${outcome} (experiment ${last.number}), so this tries another value.`;
  }
  if (arrival !== undefined) {
    return `${change} ${name} may improve ${metric} further: going from ${arrival.from} to ${arrival.to} was merged (experiment ${arrival.number}).`;
  }
  return `${change} ${name} may improve ${metric}: no experiment has changed it from ${value} yet.`;
}

/** A number that depends on every character of `text`. */
function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE();
}
