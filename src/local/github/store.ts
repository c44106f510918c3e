/**
 * The snapshot on disk: read once at start, written atomically a moment after each change and on close. It holds tokens, so that only
 * its owner can read it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder, writePrivate } from '../../starter/private-file.ts';
import { EMPTY_STATE, type State } from './state.ts';

const MIN_DELAY_MS = 50;
/** Writing blocks everything else, so that a large state is written less often. */
const REST_PER_WRITE = 9;
/** A write that failed, for example because the disk is full, is repeated. */
const RETRY_MS = 2000;

export interface Store {
  state: State;
  /** Writes the snapshot soon; many changes in a row become one write. */
  changed(): void;
  /** Writes at once what is not yet written. */
  flush(): void;
}

/**
 * Opens `dir/state.json`, or starts empty where there is none. Throws where the file belongs to another version. `report` hears of
 * failed writes.
 */
export function openStore(dir: string, report: (error: unknown) => void): Store {
  privateFolder(dir);
  const path = join(dir, 'state.json');
  const state = read(path);
  let timer: NodeJS.Timeout | undefined;
  let delayMs = MIN_DELAY_MS;
  const flush = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    const started = performance.now();
    try {
      writePrivate(path, JSON.stringify(state));
    } catch (error) {
      report(error);
      timer = setTimeout(flush, RETRY_MS);
      timer.unref();
      return;
    }
    delayMs = Math.max(MIN_DELAY_MS, (performance.now() - started) * REST_PER_WRITE);
  };
  const changed = () => {
    timer ??= setTimeout(flush, delayMs);
  };
  return { state, changed, flush };
}

function read(path: string): State {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return structuredClone(EMPTY_STATE);
    throw error;
  }
  const state = JSON.parse(text) as State;
  if (state.version !== EMPTY_STATE.version) {
    throw new Error(
      `Expected a snapshot of version ${EMPTY_STATE.version}, found ${state.version} in ${path}. Use a new directory.`,
    );
  }
  return state;
}
