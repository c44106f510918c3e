/** A command, and the campaign that it is about. */
import type { Campaign, PendingCommand } from '../../campaign/model.ts';

/** On a pull request the campaign is its experiment's; null where there is none. */
export type Request = PendingCommand & { campaign: Campaign | null };
