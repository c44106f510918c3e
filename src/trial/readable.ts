/**
 * What a candidate may read besides the system and its packages: the paths that the workflow lists, and the machine's caches of downloads.
 * Programs also write to caches, if only lock files. So a cache is a folder in memory with links to the files of the real one.
 */
import { opendir } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { isInside, isThere, realPath } from './paths.ts';

export interface Readable {
  /** The paths that the workflow lists: absolute, or below `~`. */
  listed: readonly string[];
  /** Folders of caches by the variable that names them. */
  caches: Readonly<Record<string, string>>;
  /** Caches at or above one of these are left out. */
  hidden: readonly string[];
  machineHome: string;
  /** The home inside. */
  home: string;
}

/** A path of the machine and its path inside the sandbox. */
interface Place {
  from: string;
  to: string;
  /** Whether the candidate sees a folder in memory with links to the files. */
  isLayered: boolean;
}

export interface Found {
  places: Place[];
  /** Variables with the caches' paths inside. */
  variables: Record<string, string>;
  /** Files with credentials in these places, as paths of the machine. */
  secrets: string[];
}

/** Tools of Hugging Face keep their credentials among the downloads. */
const SECRETS = ['token', 'stored_tokens'];
const SECRET_FOLDERS = ['.', 'huggingface', '.cache/huggingface', '.huggingface'];
/** Larger caches are read-only: linking their files would take seconds. */
const MOST_ENTRIES = 20_000;

/** Throws an error that names a listed path that is missing. */
export async function findReadable(wanted: Readable): Promise<Found> {
  const { listed, caches, machineHome, home } = wanted;
  const folders = Object.values(caches);
  const places: Place[] = [];
  for (const path of listed) {
    const below = path.startsWith('~/') ? path.slice(2) : null;
    const from = below === null ? path : join(machineHome, below);
    if (!isAbsolute(from) || !(await isThere(from)))
      throw new Error(
        `readable: expected an existing path that is absolute or below ~, found ${path}. Fix it in the workflow.`,
      );
    const isCache = isInside(from, join(machineHome, '.cache')) || folders.some(each => isInside(from, each));
    places.push({
      from,
      to: below === null ? path : join(home, below),
      isLayered: isCache && (await isSmall(from)),
    });
  }
  for (const [name, from] of Object.entries(caches)) {
    if (places.some(place => isInside(from, place.from)) || !(await mayShow(name, from, wanted))) continue;
    places.push({ from, to: from, isLayered: await isSmall(from) });
  }
  return { places, variables: variablesOf(caches, places), secrets: await secretsIn(places) };
}

/** Whether a cache that no path of the workflow covers is shown. XDG_CACHE_HOME is the cache of all programs, browsers included. */
async function mayShow(name: string, from: string, { hidden }: Readable): Promise<boolean> {
  if (name === 'XDG_CACHE_HOME' || !(await isThere(from))) return false;
  const real = await realPath(from);
  const secrets = await Promise.all(hidden.map(realPath));
  return !secrets.some(secret => isInside(secret, real));
}

function variablesOf(
  caches: Readonly<Record<string, string>>,
  places: readonly Place[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, folder] of Object.entries(caches)) {
    const place = places.find(({ from }) => isInside(folder, from));
    if (place) found[name] = join(place.to, folder.slice(place.from.length));
  }
  return found;
}

async function secretsIn(places: readonly Place[]): Promise<string[]> {
  const paths = places.flatMap(({ from }) =>
    SECRETS.includes(basename(from))
      ? []
      : SECRET_FOLDERS.flatMap(folder => SECRETS.map(name => join(from, folder, name))),
  );
  const found = await Promise.all(paths.map(async path => ((await isThere(path)) ? [path] : [])));
  return found.flat();
}

/** Whether it is a folder with few enough entries to link each. */
async function isSmall(root: string): Promise<boolean> {
  let left = MOST_ENTRIES;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await opendir(folder).catch(() => null);
    if (entries === null) return false;
    for await (const entry of entries) {
      if (--left < 0) return false;
      if (entry.isDirectory()) folders.push(join(folder, entry.name));
    }
  }
  return true;
}
