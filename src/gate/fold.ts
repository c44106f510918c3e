/** Folds histories into knowledge. Remembers the latest folds, because the next history mostly starts with one of them. */
import type { Sample } from './filter.ts';
import { type Knowledge, learn, type Scale, type Step, startKnowledge } from './knowledge.ts';

interface Fold {
  history: readonly Step[];
  knowledge: Knowledge;
}

/** Enough for several repositories, each with a few champions that ideas are compared with. */
const REMEMBERED = 16;

/** The most recently used fold is last. This only saves time: folds are found by their content. */
const remembered: Fold[] = [];

/** The knowledge from a history on a scale. Pure. If the history starts with a remembered one, only the later steps are folded. */
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
    return (
      b?.kind === 'experiment' &&
      a.merged === b.merged &&
      a.id === b.id &&
      String(a.parts) === String(b.parts) &&
      areSame(a.samples, b.samples)
    );
  return b?.kind === 'stopped' && a.variance === b.variance && areSame([a.sample], [b.sample]);
}

function areSame(a: readonly Sample[], b: readonly Sample[]): boolean {
  return (
    a.length === b.length && a.every(({ seed, value }, i) => seed === b[i]?.seed && value === b[i]?.value)
  );
}
