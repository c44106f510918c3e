/** People while a campaign runs: when they do what. */
import { later } from './hands.ts';
import { INTERVENTIONS } from './interventions.ts';
import { markerOf } from './invariants/read.ts';
import { Refusal } from './model/refusal.ts';
import { BOT, type Sim } from './sim.ts';
import { count } from './tally.ts';
import { isPromotion } from './targets.ts';

const WITHIN_SECONDS = 2 * 3600;

/** Lets people do what the profile says, at random times. */
export function startPeople(sim: Sim): void {
  if (sim.profile.interventions > 0) {
    disturbMerges(sim);
    speakUp(sim);
  }
  const kinds = Object.keys(INTERVENTIONS) as (keyof typeof INTERVENTIONS)[];
  for (let i = 0; i < sim.profile.interventions; i++) {
    const kind = sim.random.pick(kinds);
    later(sim, sim.random.between(30, WITHIN_SECONDS), () => attempt(sim, kind));
  }
  if (sim.profile.apart && sim.profile.interventions > 0) {
    later(sim, sim.random.between(1800, WITHIN_SECONDS), () => attempt(sim, sim.random.pick(ON_BRANCHES)));
    answerPromotions(sim);
  }
}

const ON_BRANCHES = [
  'push to a campaign’s branch',
  'put a campaign’s branch back',
  'delete a campaign’s branch',
] as const;
const ON_PROMOTIONS = [
  'merge a promotion',
  'close a promotion',
  'ask for more',
  'push beside',
  'push settings',
] as const;

/** What is offered is taken, left, or followed by more work. */
function answerPromotions(sim: Sim): void {
  sim.model.watchers.push(({ table, actor, before, after }) => {
    if (table !== 'pulls' || actor !== BOT || before || !after || !isPromotion(after)) return;
    if (sim.random.chance(0.7))
      later(sim, sim.random.between(1, 1800), () => attempt(sim, sim.random.pick(ON_PROMOTIONS)));
  });
}

/** What hurts most while a merge is under way. */
const AT_THE_WORST_TIME = [
  'push beside',
  'push settings',
  'push to an experiment',
  'close an experiment',
  'merge an experiment',
  'delete an experiment branch',
] as const;

/** Between the verdict and the merge there are only seconds. */
function disturbMerges(sim: Sim): void {
  sim.model.watchers.push(change => {
    if (change.table !== 'pulls' || change.actor !== BOT || change.after?.state !== 'open') return;
    if (markerOf(change.after)?.verdict?.kind !== 'merge' || !sim.random.chance(0.2)) return;
    later(sim, sim.random.between(0, 3), () => attempt(sim, sim.random.pick(AT_THE_WORST_TIME)));
  });
}

/** People who look at an experiment have an opinion of it. */
function speakUp(sim: Sim): void {
  sim.model.watchers.push(({ table, actor, before, after }) => {
    if (table !== 'pulls' || actor !== BOT || sim.calm) return;
    const opened = !before && sim.random.chance(0.15);
    const closed = before?.state === 'open' && after?.state === 'closed' && sim.random.chance(0.05);
    if (opened) {
      const kind = sim.random.pick(['keep', 'discard', 'run an experiment again'] as const);
      later(sim, sim.random.between(0, 600), () => attempt(sim, kind));
    }
    if (closed) later(sim, sim.random.between(0, 600), () => attempt(sim, 'a word on what has ended'));
  });
}

function attempt(sim: Sim, kind: keyof typeof INTERVENTIONS): void {
  try {
    if (!INTERVENTIONS[kind](sim)) return;
    count(sim.tally.interventions, kind);
    sim.tell('people', kind);
  } catch (error) {
    // GitHub refuses people, too.
    if (!(error instanceof Refusal)) throw error;
    sim.tell('people', `${kind}: refused, ${error.message}`);
  }
}
