/** Removes what the App created twice. */
import type { Duplicate } from '../../campaign/model.ts';
import { spareCheck } from '../../render/check.ts';
import type { GitHubPort } from '../port.ts';

/** Removes one duplicate. Does nothing if it is gone already. */
export async function tidy(port: GitHubPort, duplicate: Duplicate): Promise<void> {
  switch (duplicate.kind) {
    case 'comment':
      return port.deleteComment(duplicate.id);
    case 'run':
      return port.cancelRun(duplicate.id);
    case 'check':
      return port.completeCheck(duplicate.id, 'neutral', null, spareCheck(duplicate.trial));
  }
}
