/** Stacks: several closed ideas in one experiment, because their gains may add up. */
import type { ActionOf } from '../../campaign/action.ts';
import { type Idea, NO_COST } from '../../campaign/idea.ts';
import { type Experiment, type Snapshot, STACKED_LABEL } from '../../campaign/model.ts';
import type { Contract } from '../../protocol/contract.ts';
import type { Context } from '../context.ts';
import { commentOnce } from '../replies.ts';
import { saveState } from '../state.ts';
import { applyIdea, type Change } from './candidate.ts';
import { openPull } from './propose.ts';
import { dropRequest, remainingRequests } from './requested-ideas.ts';

/** Who proposed a stack that nobody asked for. */
const AGENT = 'stack';
/** Fewer parts are no stack. */
const FEWEST = 2;

/**
 * Opens experiment `number` with the edits of all parts that still fit the champion and each other. Those that do not are remembered, so that
 * they are in no later stack; a person who asked is told.
 */
export async function stack(
  context: Context,
  snapshot: Snapshot,
  { campaign, contract, number, parts, asked }: ActionOf<'stack'>,
): Promise<void> {
  const { fitting, change, misfits } = await combine(context, snapshot, contract, parts);
  const names = misfits.map(pull => `#${pull}`).join(', ');
  if (asked && misfits.length > 0)
    return dropRequest(
      context,
      snapshot,
      campaign,
      asked,
      `the edits of ${names} no longer fit the champion, or not together with the others`,
    );
  const remembered = { ...campaign.state, misfits: [...campaign.state.misfits, ...misfits] };
  if (change === null || fitting.length < FEWEST)
    return saveState(context.port, snapshot, campaign, {
      ...remembered,
      misfits: [...remembered.misfits, ...fitting.map(({ pull }) => pull)],
    });
  const pulls = fitting.map(({ pull }) => pull);
  const experiment = { campaign: campaign.issue, number, agent: AGENT, cost: NO_COST, asked, parts: pulls };
  const refusal = await openPull(context, snapshot, experiment, change);
  if (refusal === null && !asked && misfits.length === 0) return;
  if (refusal !== null && asked) return dropRequest(context, snapshot, campaign, asked, refusal);
  await saveState(context.port, snapshot, campaign, {
    ...remembered,
    misfits: refusal === null ? remembered.misfits : [...remembered.misfits, ...pulls],
    asked: remainingRequests(snapshot, campaign, asked ?? undefined),
  });
}

/** The parts whose edits fit the champion one after the other, the best first, and what they change together. */
async function combine(
  { port }: Context,
  snapshot: Snapshot,
  contract: Contract,
  parts: readonly Experiment[],
): Promise<{ fitting: Experiment[]; change: Change | null; misfits: number[] }> {
  const fitting: Experiment[] = [];
  const misfits: number[] = [];
  let change: Change | null = null;
  for (const part of parts) {
    const next: Change | null = await applyIdea(port, contract, snapshot, together([...fitting, part]));
    if (next === null) misfits.push(part.pull);
    else {
      fitting.push(part);
      change = next;
    }
  }
  return { fitting, change, misfits };
}

/** All ideas as one. */
function together(parts: readonly Experiment[]): Idea {
  const ideas = parts.map(({ marker }) => marker.idea);
  const [first] = ideas;
  return {
    title: first?.title ?? 'stack',
    hypothesis: `Each of these was too small to be told from the noise. Together they may not be: ${ideas
      .map(({ title }, i) => `#${parts[i]?.pull} ${title}`)
      .join('; ')}.`.slice(0, 2000),
    edits: ideas.flatMap(({ edits }) => edits),
  };
}

/** Tells a part that the stack with it was merged. */
export async function credit(
  { port }: Context,
  { part, stack: { pull, marker } }: ActionOf<'credit'>,
): Promise<void> {
  const others = marker.parts.filter(each => each !== part.pull).map(each => `#${each}`);
  const text = `🥞 **Merged as part of a stack:** #${pull}, together with ${others.join(', ')}. Alone, this idea could not be told from the noise.`;
  await commentOnce(port, part.pull, `stacked ${pull}`, text);
  await port.addLabel(part.pull, STACKED_LABEL);
}
