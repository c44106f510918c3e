/** How a verdict appears on the pull request: title, description and comment. */
import { trialsOfTree } from '../../campaign/evidence/evidence.ts';
import type { ExperimentMarker, RecordedTrial, Verdict } from '../../campaign/marker.ts';
import type { Experiment, Snapshot } from '../../campaign/model.ts';
import type { Contract } from '../../protocol/contract.ts';
import { settledTitle } from '../../render/title.ts';
import { verdictComment } from '../../render/verdict.ts';
import { pullBody } from '../body.ts';
import type { Context } from '../context.ts';
import { commentOnce } from '../replies.ts';

/** Key of the comment with the verdict. */
const VERDICT = 'verdict';

interface Judged {
  experiment: Experiment;
  verdict: Verdict;
  trials: RecordedTrial[];
}

/** The experiment's marker with its verdict, and the matching title and description. */
export function withVerdict({ experiment, verdict, trials }: Judged): {
  marker: ExperimentMarker;
  change: { title: string; body: string };
} {
  const marker = { ...experiment.marker, trials, verdict };
  return { marker, change: { title: settledTitle(marker, verdict), body: pullBody(marker) } };
}

/** Comments the verdict, once. */
export async function commentVerdict(
  { port, log }: Context,
  snapshot: Snapshot,
  contract: Contract,
  judged: Judged,
): Promise<void> {
  const { pull } = judged.experiment;
  const { kind, value } = judged.verdict;
  log.info({ pull, verdict: kind, value }, 'verdict');
  await commentOnce(port, pull, VERDICT, verdictComment(withEvidence(snapshot, contract, judged)));
}

/** A verdict with the champion's trials that it was compared with. */
export function withEvidence(
  snapshot: Snapshot,
  contract: Contract,
  { experiment, verdict, trials }: Judged,
): Parameters<typeof verdictComment>[0] {
  const onChampion = trialsOfTree(snapshot, experiment.marker.champion.tree);
  const champion = onChampion.filter(({ trial }) => verdict.compared?.champion.includes(trial));
  return { contract, experiment, verdict, trials, champion };
}
