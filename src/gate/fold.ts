/** Folds histories into knowledge, and remembers the last folds: the next history mostly begins as one of them. */
import type { Sample } from './filter.ts';
import { type Knowledge, learn, type Scale, type Step, startKnowledge } from './knowledge.ts';

interface Fold {
  history: readonly Step[];
  knowledge: Knowledge;
}

/** Several repositories, each with a few champions that ideas are judged on. */
const REMEMBERED = 16;

/** Last used last. Only saves time: what is remembered is found by its content, and a fold has no other result. */
const remembered: Fold[] = [];

/** What a history says on a scale. Pure: where it begins as a remembered one, only the steps after that are taken. */
export function knowledgeOf(history: readonly Step[], scale: Scale): Knowledge {
  const known = remembered
    .filter(fold => isScale(fold.knowledge.scale, scale) && begins(history, fold.history))
    .reduce<Fold | undefined>(longer, undefined);
  const rest = history.slice(known?.history.length ?? 0);
  if (known && rest.length === 0) {
    remembered.push(...remembered.splice(remembered.indexOf(known), 1));
    return known.knowledge;
  }
  const knowledge = rest.reduce(learn, known?.knowledge ?? startKnowledge(scale));
  remembered.push({ history, knowledge });
  if (remembered.length > REMEMBERED) remembered.shift();
  return knowledge;
}

function longer(best: Fold | undefined, fold: Fold): Fold {
  return best && best.history.length > fold.history.length ? best : fold;
}

function isScale(a: Scale, b: Scale): boolean {
  return (
    a.unit === b.unit &&
    a.origin === b.origin &&
    a.sign === b.sign &&
    a.calibrated === b.calibrated &&
    a.noise === b.noise
  );
}

function begins(history: readonly Step[], start: readonly Step[]): boolean {
  return start.length <= history.length && start.every((step, i) => isSameStep(step, history[i]));
}

function isSameStep(a: Step, b: Step | undefined): boolean {
  if (a === b) return true;
  if (a.kind === 'moved') return b?.kind === 'moved';
  if (a.kind === 'champion') return b?.kind === 'champion' && areSame(a.samples, b.samples);
  if (a.kind === 'experiment')
    return b?.kind === 'experiment' && a.merged === b.merged && areSame(a.samples, b.samples);
  return b?.kind === 'stopped' && a.variance === b.variance && areSame([a.sample], [b.sample]);
}

function areSame(a: readonly Sample[], b: readonly Sample[]): boolean {
  return (
    a.length === b.length && a.every(({ seed, value }, i) => seed === b[i]?.seed && value === b[i]?.value)
  );
}
