/** How a verdict appears on the pull request: title, description and comment. */
import type { ExperimentMarker, RecordedTrial, Verdict } from '../../campaign/marker.ts';
import type { Experiment } from '../../campaign/model.ts';
import type { Contract } from '../../protocol/contract.ts';
import { verdictComment } from '../../render/pull.ts';
import { settledTitle } from '../../render/title.ts';
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
  contract: Contract,
  { experiment: { pull, marker }, verdict, trials }: Judged,
): Promise<void> {
  log.info({ pull, verdict: verdict.kind, value: verdict.value }, 'verdict');
  await commentOnce(
    port,
    pull,
    VERDICT,
    verdictComment(contract, { ...marker, trials, verdict }, verdict, trials),
  );
}
