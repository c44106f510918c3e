/** Lists lag: right before a write, whether a pull request still is what the action rests on. */
import type { Experiment } from '../../campaign/model.ts';
import type { GitHubPort } from '../port.ts';

/** Whether an experiment has the state and the head that it had when it was observed. Where not, the next look sees what happened. */
export async function isAsObserved(
  port: GitHubPort,
  { pull, state, headSha }: Pick<Experiment, 'pull' | 'state' | 'headSha'>,
): Promise<boolean> {
  const now = await port.pull(pull);
  return now.state === state && now.headSha === headSha;
}
