/** A check right before a write: GitHub's lists lag, so the pull request may have changed since the action was planned. */
import type { Experiment } from '../../campaign/model.ts';
import type { GitHubPort } from '../port.ts';

/** Whether an experiment's state and head are still as observed. If not, the next step sees the change. */
export async function isAsObserved(
  port: GitHubPort,
  { pull, state, headSha }: Pick<Experiment, 'pull' | 'state' | 'headSha'>,
): Promise<boolean> {
  const now = await port.pull(pull);
  return now.state === state && now.headSha === headSha;
}
