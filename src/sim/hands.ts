/** What people do with a repository and on its pages. */
import { CONTRACT_PATH } from '../protocol/contract.ts';
import { contractText, SETTINGS } from './landscape.ts';
import { addComment } from './model/issues.ts';
import { setBranch } from './model/refs.ts';
import { type Model, timestamp, tipOf } from './model/state.ts';
import type { Random } from './random.ts';
import type { Sim } from './sim.ts';

export function say(model: Model, issue: number, author: string, text: string): void {
  addComment(model, author, issue, text);
}

/** Somebody with permission to write. */
export function writer(random: Random): string {
  return random.pick(['alice', 'bob']);
}

/** Pushes one file to the base; false where it is there already. */
export function pushToBase({ model }: Sim, path: string, text: string): boolean {
  const tip = tipOf(model, model.defaultBranch) ?? '';
  if (model.git.tree(model.git.commit(tip)?.tree ?? '')?.get(path) === text) return false;
  setBranch(model, 'bob', model.defaultBranch, commitOn(model, tip, path, text));
  return true;
}

/** Puts back a contract that can be read. */
export function restoreContract(sim: Sim): void {
  pushToBase(sim, CONTRACT_PATH, contractText(sim.profile));
}

/** A commit that changes one file. */
export function commitOn(model: Model, parent: string, path: string, text: string): string {
  const files = model.git.tree(model.git.commit(parent)?.tree ?? '') ?? new Map<string, string>();
  const tree = model.git.writeTree(new Map([...files, [path, text]]));
  return model.git.writeCommit({ tree, parents: [parent], message: `Edit ${path}` }, timestamp(model));
}

/** The settings at the tip of the base. */
export function settings({ model }: Sim): string {
  const tip = model.git.commit(tipOf(model, model.defaultBranch) ?? '');
  return model.git.tree(tip?.tree ?? '')?.get(SETTINGS) ?? '';
}

/** Somebody means to do something that many seconds from now. */
export function later(sim: Sim, seconds: number, work: () => void): void {
  sim.busyUntil = Math.max(sim.busyUntil, sim.schedule.now() + seconds * 1000);
  sim.schedule.after(seconds, work);
}
