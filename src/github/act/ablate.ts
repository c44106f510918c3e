/** The last champion without one of its ideas: a commit that is on no branch, only to be measured. */
import type { ActionOf } from '../../campaign/action.ts';
import { seedsFor, undone } from '../../campaign/evidence/ablation.ts';
import { budgetOf } from '../../campaign/evidence/evidence.ts';
import { nextFinal } from '../../campaign/evidence/finals.ts';
import type { Final, Point } from '../../campaign/marker.ts';
import type { Snapshot } from '../../campaign/model.ts';
import { plainLine } from '../../text/plain.ts';
import type { Context } from '../context.ts';
import { saveState } from '../state.ts';
import { applyIdea } from './candidate.ts';

/**
 * Makes them, and notes them as final measurements: as many as there are trials for. Ideas whose lines were changed again since cannot be
 * left out alone, and are passed over.
 */
export async function ablate(
  context: Context,
  snapshot: Snapshot,
  { campaign, contract, champion, merged }: ActionOf<'ablate'>,
): Promise<void> {
  const { state } = campaign;
  const seen: Snapshot = { ...snapshot, base: { ...snapshot.base, ...champion } };
  const made: { without: number; of: Point }[] = [];
  for (const { pull, marker } of merged.slice(0, contract.ablation)) {
    const idea = undone(marker.idea);
    const change = idea && (await applyIdea(context.port, contract, seen, idea));
    if (!change) continue;
    const tree = await context.port.createTree(champion.tree, change.files);
    const message = `Without #${pull}: ${plainLine(marker.idea.title)}\n\n[skip ci]`;
    const sha = await context.port.createCommit(message, tree, champion.sha);
    made.push({ without: pull, of: { sha, tree } });
  }
  const finals = made.map(
    ({ without, of }, i): Final => ({
      number: nextFinal(state) + i,
      of,
      base: champion.sha,
      budgetSeconds: budgetOf(contract, campaign),
      without,
      seeds: seedsFor(made.length, contract),
      trials: [],
    }),
  );
  await saveState(context.port, snapshot, campaign, {
    ...state,
    ablated: champion.sha,
    finals: [...state.finals, ...finals],
  });
}
