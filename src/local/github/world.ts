/** What every part of the local GitHub shares. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EventSink } from './event.ts';
import type { Git } from './git/git.ts';
import type { LocalGitHubOptions } from './options.ts';
import type { Account, Installation, Repository, State } from './state.ts';

export interface World {
  options: LocalGitHubOptions;
  state: State;
  /** Base URL without a slash at the end; REST lives under `/api/v3`. */
  url: string;
  emit: EventSink;
  /** Whether anyone receives webhooks; spares the making of payloads. */
  listening(): boolean;
  changed(): void;
  git(repository: Repository): Git;
  /** A link to a path of this server that works without a token. */
  sign(path: string): string;
  isSigned(url: URL): boolean;
  /** Tells whoever runs this server of a failure that no answer tells. */
  report(error: unknown): void;
  /** Runs `work` alone among the writers of this repository's refs. */
  exclusive<T>(repository: Repository, work: () => Promise<T>): Promise<T>;
}

/** The time that is written down. */
export function now(world: World): Date {
  return world.options.clock?.() ?? new Date();
}

/** The time as GitHub writes it: ISO 8601, whole seconds. */
export function timestamp(world: World): string {
  return seconds(now(world));
}

/** `date` in ISO 8601 with whole seconds. */
export function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A number that no other object of this server has. */
export function nextId(world: World): number {
  world.changed();
  return world.state.nextId++;
}

/** A token that nobody can guess. */
export function randomToken(): string {
  return `ghs_${randomBytes(20).toString('hex')}`;
}

export const botLogin = (world: World) => `${world.options.app.slug}[bot]`;
export const fullName = (repository: Repository) => `${repository.owner}/${repository.name}`;
export const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** The account of that login; made when it is first needed. */
export function account(world: World, login: string): Account {
  const known = world.state.accounts.find(one => sameName(one.login, login));
  if (known) return known;
  const made: Account = { id: nextId(world), login };
  world.state.accounts.push(made);
  return made;
}

/** The repository `owner/name`, or undefined. Names ignore case, as on GitHub. */
export function findRepository(world: World, owner: string, name: string): Repository | undefined {
  return world.state.repositories.find(one => sameName(one.owner, owner) && sameName(one.name, name));
}

/** The App's installation on that account, or undefined. */
export function findInstallation(world: World, owner: string): Installation | undefined {
  return world.state.installations.find(one => sameName(one.account, owner));
}

/** Where a repository's git storage lies; ids, so that no name ever becomes a path. */
export function gitDirectory(world: World, repository: Repository): string {
  return join(world.options.dir, 'git', `${repository.id}.git`);
}

export const logPath = (world: World, jobId: number) => join(world.options.dir, 'logs', `${jobId}.txt`);
export const artifactPath = (world: World, id: number) => join(world.options.dir, 'artifacts', `${id}.zip`);
