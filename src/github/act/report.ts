/** Posts the report of a campaign that has ended. */
import type { ActionOf } from '../../campaign/action.ts';
import type { Snapshot } from '../../campaign/model.ts';
import { reportKey } from '../../campaign/notice.ts';
import { experimentsOf } from '../../campaign/queries.ts';
import { reportComment } from '../../render/report.ts';
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
