/** One campaign from its seed to its end. */
import type { GitHubPort } from '../github/port.ts';
import { type App, startApp } from './app.ts';
import { startCaretaker } from './caretaker.ts';
import { say } from './hands.ts';
import { checkEnding, hasEnded, unanswered } from './invariants/ending.ts';
import { campaignOf, markerOf } from './invariants/read.ts';
import { watchInvariants } from './invariants/watch.ts';
import { createLandscape, repositoryFiles } from './landscape.ts';
import { openIssue } from './model/issues.ts';
import { type Change, createModel } from './model/state.ts';
import { startPeople } from './people.ts';
import { drawProfile } from './profile.ts';
import { createRandom } from './random.ts';
import { startRunners } from './runners.ts';
import { createSchedule } from './schedule.ts';
import { BOT, PEOPLE, type Sim } from './sim.ts';
import { count, emptyTally, type Tally } from './tally.ts';

const START = Date.parse('2026-03-08T00:00:00Z');
/** Faults and people end by then; what is asked for is done from then on. */
const CALM_SECONDS = 6 * 3600;
const LONGEST_SECONDS = 14 * 3600;
/** Nothing to do for that long, and it is over. */
const QUIET_SECONDS = 300;
/** Not where an answer was given up: the App tries it again after an hour. */
const QUIET_UNANSWERED_SECONDS = 3900;
const LAST_EVENTS = 30;

export interface Result {
  seed: number;
  tally: Tally;
  violation: { invariant: string; events: string[] } | null;
}

export interface SimulationOptions {
  /** Hears of every event; without it only the last ones are kept. */
  trace?: (line: string) => void;
  /** Breaks the App's hands, to see that what a broken App does is found. */
  sabotage?: (port: GitHubPort, sim: Sim) => GitHubPort;
}

/** Simulates the campaign of a seed. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Result> {
  const random = createRandom(seed);
  const schedule = createSchedule(START);
  const profile = drawProfile(random.fork());
  const events: string[] = [];
  let violation: Result['violation'] = null;
  const sim: Sim = {
    profile,
    schedule,
    random,
    landscape: createLandscape(random.fork()),
    model: createModel({
      now: schedule.now,
      files: repositoryFiles(profile),
      permissions: PEOPLE,
      owner: 'alice',
      name: 'gpt',
      botLogin: BOT,
    }),
    sabotage: options.sabotage ?? (port => port),
    tally: emptyTally(),
    tipReadAt: new Map(),
    forgotAt: Number.NEGATIVE_INFINITY,
    uninstalledUntil: 0,
    runnersAwayUntil: 0,
    busyUntil: 0,
    calm: false,
    tell(who, text) {
      const line = `${clock(schedule.now() - START)} ${who.padEnd(6)} ${text}`;
      options.trace?.(line);
      events.push(line);
      if (events.length > LAST_EVENTS) events.shift();
    },
    violate(invariant) {
      violation ??= { invariant, events: [...events] };
    },
  };
  const apps = startAll(sim);
  while (violation === null && !isOver(sim, apps) && (await schedule.advance()));
  if (violation === null && hasEnded(sim)) checkEnding(sim);
  finishTally(sim);
  return { seed, tally: sim.tally, violation };
}

function startAll(sim: Sim): App[] {
  const { model, schedule, profile, random } = sim;
  watchInvariants(sim);
  startRunners(sim);
  say(model, openIssue(model, 'alice'), 'alice', `/research ${profile.experiments}`);
  startPeople(sim);
  startCaretaker(sim);
  model.runListLagSeconds = profile.runListLagSeconds;
  if (profile.runnersAway) sim.runnersAwayUntil = schedule.now() + random.between(0, 7200) * 1000;
  const apps = [startApp(sim, 'app 1')];
  if (profile.twoApps) {
    const second = startApp(sim, 'app 2');
    apps.push(second);
    schedule.after(random.between(600, CALM_SECONDS), () => second.stop());
  }
  model.watchers.push(change => webhook(sim, apps, change));
  schedule.after(CALM_SECONDS, () => {
    Object.assign(sim, { calm: true, uninstalledUntil: 0 });
    model.rule = null;
  });
  return apps;
}

/** Webhooks get lost, come late, and come twice. */
function webhook({ profile, random, schedule, tally }: Sim, apps: readonly App[], change: Change): void {
  if (change.table === 'checks' || random.chance(profile.webhooksLost)) return;
  for (let times = random.chance(profile.webhooksRepeated) ? 2 : 1; times > 0; times--)
    schedule.after(random.between(0.1, profile.webhookSeconds), () => {
      tally.webhooks++;
      for (const app of apps) app.nudge();
    });
}

function isOver(sim: Sim, apps: readonly App[]): boolean {
  const now = sim.schedule.now();
  if (now - START > LONGEST_SECONDS * 1000) {
    sim.violate(`The campaign has not ended after ${LONGEST_SECONDS / 3600} hours.`);
    return true;
  }
  const isQuiet = (seconds: number) =>
    now > sim.busyUntil + seconds * 1000 && apps.every(app => now - app.idleSince() >= seconds * 1000);
  if (!isQuiet(QUIET_SECONDS) || !hasEnded(sim)) return false;
  return isQuiet(QUIET_UNANSWERED_SECONDS) || unanswered(sim).length === 0;
}

function finishTally({ tally, profile, schedule, model }: Sim): void {
  tally.campaigns = 1;
  tally.hours = (schedule.now() - START) / 3_600_000;
  count(tally.moods, profile.mood);
  for (const pull of model.pulls.values().filter(({ branch }) => campaignOf(branch) === null))
    count(tally.verdicts, markerOf(pull)?.verdict?.kind ?? 'none');
}

function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
