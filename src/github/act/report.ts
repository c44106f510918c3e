/** Posts what a campaign came to, or what it has found so far. */
import type { ActionOf } from '../../campaign/action.ts';
import type { Snapshot } from '../../campaign/model.ts';
import { reportKey } from '../../campaign/notice.ts';
import { experimentsOf } from '../../campaign/queries.ts';
import { digestComment, reportComment } from '../../render/report.ts';
import type { Context } from '../context.ts';
import { commentOnce } from '../replies.ts';
import { saveState } from '../state.ts';

/** A campaign that ended before its first experiment has nothing to report. */
export async function report(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, contract }: ActionOf<'report'>,
): Promise<void> {
  const { issue, state } = campaign;
  if (experimentsOf(snapshot, campaign).length > 0)
    await commentOnce(port, issue, reportKey(state), reportComment(snapshot, contract, campaign));
  await saveState(port, snapshot, campaign, { ...state, reportDue: false });
}

export async function digest(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, contract, key }: ActionOf<'digest'>,
): Promise<void> {
  const { issue, state } = campaign;
  await commentOnce(port, issue, key, digestComment(snapshot, contract, campaign));
  await saveState(port, snapshot, campaign, { ...state, notices: [...state.notices, key] });
}
