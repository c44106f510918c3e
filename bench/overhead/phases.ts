/** Where the seconds between two commands go, by the lines of the jobs' logs. */
import type { Heard } from './campaign.ts';
import { BEGIN, END } from './repository.ts';

/** The phases in order, each up to the line that ends it. */
export const PHASES = [
  { key: 'end', name: 'sandbox ends, measurement is written', until: /^##\[endgroup\]/ },
  { key: 'artifact', name: 'artifact', until: /^##\[endgroup\]/ },
  { key: 'app', name: 'App: record, judge, propose, open, dispatch', until: /^Runner: / },
  { key: 'base', name: 'checkout of the base', until: /^##\[endgroup\]/ },
  { key: 'candidate', name: 'checkout of the candidate', until: /^##\[endgroup\]/ },
  { key: 'action', name: 'action starts', until: /^::stop-commands::/ },
  { key: 'start', name: 'trial is assembled, sandbox and command start', until: new RegExp(`^${BEGIN}$`) },
] as const;

export interface Between {
  total: number;
  phases: Partial<Record<string, number>>;
}

/** The times between the end of each command and the beginning of the next. */
export function phasesOf(heard: readonly Heard[]): Between[] {
  const found: Between[] = [];
  let phase = 0;
  let since: number | null = null;
  let between: Between = { total: 0, phases: {} };
  for (const { at, line } of heard) {
    if (line === END) {
      between = { total: 0, phases: {} };
      phase = 0;
      since = at;
      continue;
    }
    const current = PHASES[phase];
    if (since === null || !current?.until.test(line)) continue;
    between.phases[current.key] = at - since;
    between.total += at - since;
    since = at;
    phase += 1;
    if (phase === PHASES.length) found.push(between);
  }
  return found;
}
