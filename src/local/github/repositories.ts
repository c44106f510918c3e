/** Making repositories. */
import { execa } from 'execa';
import type { Git } from './git/git.ts';
import { initGit } from './git/init.ts';
import { presentInstallation } from './present/account.ts';
import { presentRepository } from './present/repository.ts';
import { identity } from './pulls.ts';
import type { Repository } from './state.ts';
import {
  account,
  findInstallation,
  findRepository,
  gitDirectory,
  nextId,
  timestamp,
  type World,
} from './world.ts';

export interface NewRepository {
  owner: string;
  name: string;
  /** `main` where it is not given. */
  defaultBranch?: string;
  private?: boolean;
  /** Path to content of the first commit. */
  files?: ReadonlyMap<string, string | Uint8Array>;
  /** Path of an existing git repository whose HEAD becomes the default branch. */
  from?: string;
}

/** Makes a repository, and installs the App on its owner where it is not yet. Throws where the repository exists. */
export async function addRepository(world: World, o: NewRepository): Promise<void> {
  if (findRepository(world, o.owner, o.name)) {
    throw new Error(`Expected no repository ${o.owner}/${o.name}, found one. Choose another name.`);
  }
  const defaultBranch = o.defaultBranch ?? 'main';
  const now = timestamp(world);
  const repository: Repository = {
    id: nextId(world),
    owner: account(world, o.owner).login,
    name: o.name,
    private: o.private ?? false,
    defaultBranch,
    createdAt: now,
    pushedAt: now,
    labels: [],
    issues: [],
    comments: [],
    checkRuns: [],
    workflows: [],
    runs: [],
    jobs: [],
    artifacts: [],
    protections: [],
  };
  const directory = gitDirectory(world, repository);
  await initGit(directory, defaultBranch);
  const ref = `refs/heads/${defaultBranch}`;
  if (o.from !== undefined) {
    await execa('git', ['fetch', '--quiet', '--update-shallow', o.from, `HEAD:${ref}`], { cwd: directory });
  } else if (o.files) {
    const git = world.git(repository);
    await git.updateRefs([{ ref, to: await firstCommit(world, git, o, o.files), from: null }]);
  }
  world.state.repositories.push(repository);
  world.changed();
  install(world, repository);
}

async function firstCommit(
  world: World,
  git: Git,
  o: NewRepository,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<string> {
  const tree = await git.writeTree(
    null,
    [...files].map(([path, content]) => ({ path, content })),
  );
  const author = identity(world, o.owner);
  return git.writeCommit({
    tree,
    parents: [],
    message: 'Initial commit',
    author,
    committer: author,
  });
}

/** Installs the App on the owner where it is not yet, and tells it of the repository. */
function install(world: World, repository: Repository): void {
  const { owner } = repository;
  const known = findInstallation(world, owner);
  const installation = known ?? { id: nextId(world), account: owner, createdAt: timestamp(world) };
  if (!known) world.state.installations.push(installation);
  const { id, node_id, name, full_name, private: hidden } = presentRepository(world, repository);
  const repositories = [{ id, node_id, name, full_name, private: hidden }];
  const about = { installation: presentInstallation(world, installation) };
  const event = known
    ? {
        name: 'installation_repositories',
        payload: {
          ...about,
          action: 'added',
          repository_selection: 'all',
          repositories_added: repositories,
          repositories_removed: [],
          requester: null,
        },
      }
    : { name: 'installation', payload: { ...about, action: 'created', repositories } };
  world.emit({ ...event, repository: null, sender: owner });
}
