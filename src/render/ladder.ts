/** Whether a campaign's gain holds at other budgets, in sentences. */
import { isHeldBack, type RungResult } from '../campaign/evidence/ladder.ts';
import type { TimeToQuality } from '../campaign/evidence/time-to-quality.ts';
import type { Contract } from '../protocol/contract.ts';
import { escapeMarkdown } from '../text/markdown.ts';
import { formatClock, formatCount, formatNoise, formatSeconds, formatValue } from './number.ts';

const CHAMPIONS = { first: 'first', last: 'last' } as const;

/** `At 2 h: 0.9310 against 0.9440 (3 seeds each, standard error 0.0006), **71% of the gain at 5 min**.` */
export function rungSentence({ budgetSeconds, found }: RungResult, ownSeconds: number): string {
  const at = `At ${formatSeconds(budgetSeconds)}`;
  switch (found.kind) {
    case 'measured': {
      const seeds = `${formatCount(found.trials, 'seed')} each`;
      const error = found.error === null ? '' : `, standard error ${formatNoise(found.error)}`;
      const values = `${formatValue(found.last)} against ${formatValue(found.first)} (${seeds}${error})`;
      return `${at}: ${values}${shareText(found.share, ownSeconds)}.`;
    }
    case 'crashed':
      return `${at}, the ${CHAMPIONS[found.which]} champion crashed (${found.reason}): ${escapeMarkdown(found.message, 200)}`;
    case 'incomparable':
      return `${at}, the two champions ran under different conditions, so they cannot be compared.`;
    case 'unmeasured':
      return `${at}: not measured (${found.done} of ${formatCount(found.of, 'trial')})${found.fault === null ? '.' : `: ${escapeMarkdown(found.fault, 200)}`}`;
  }
}

function shareText(share: number | null, ownSeconds: number): string {
  if (share === null) return '';
  const own = `the gain at ${formatSeconds(ownSeconds)}`;
  return share <= 0 ? `, **none of ${own}**` : `, **${Math.round(100 * share)}% of ${own}**`;
}

/** `0.9979, where it began, now needs **4:29 of 5:00** (−10%; 90% interval 4:10 to 4:45; 6 trials).` */
export function timeSentence(time: TimeToQuality, metric: string): string {
  const { seconds, fullSeconds, target, trials } = time;
  const began = `${metric} ${formatValue(target)}, where the campaign began, now needs`;
  const less = `−${Math.round(100 * (1 - seconds / fullSeconds))}%`;
  const full = `of ${formatClock(fullSeconds)}`;
  const count = formatCount(trials, 'trial');
  if (time.kind === 'below')
    return `${began} **less than ${formatClock(seconds)} ${full}** (more than ${less}; ${count}).`;
  return `${began} **${formatClock(seconds)} ${full}** (${less}; 90% interval ${formatClock(time.low)} to ${formatClock(time.high)}; ${count}).`;
}

/** Why the result is not offered in a pull request; empty if it is. */
export function heldBackSentence(contract: Contract, ladder: readonly RungResult[], branch: string): string {
  if (!isHeldBack(contract, ladder)) return '';
  const least = `${Math.round(100 * (contract.promote.at_least ?? 0))}%`;
  return `Not offered in a pull request: \`promote.at_least\` asks for ${least} of the gain at ${formatSeconds(ladder.at(-1)?.budgetSeconds ?? 0)}. \`${branch}\` stays; to take it all the same, open a pull request from it.`;
}
