/** Removes what the App made twice. */
import type { Duplicate } from '../../campaign/model.ts';
import { spareCheck } from '../../render/check.ts';
import type { GitHubPort } from '../port.ts';

/** Takes one back. What is gone already is none any more. */
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
