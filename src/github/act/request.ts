/** A command and the campaign that it is for. */
import type { Campaign, PendingCommand } from '../../campaign/model.ts';

/** On a pull request, `campaign` is its experiment's; null if there is none. */
export type Request = PendingCommand & { campaign: Campaign | null };
