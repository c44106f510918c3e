/** Commit messages: of candidates, and of merges, which say in git trailers what was merged. */
import type { ExperimentMarker, Verdict } from '../campaign/marker.ts';
import { branchName } from '../campaign/model.ts';
import { keptBy } from '../campaign/people.ts';
import type { Contract } from '../protocol/contract.ts';
import { plainLine } from '../text/plain.ts';
import { formatValue } from './number.ts';
import { openTitle } from './title.ts';

/** Message of a candidate's commit. `[skip ci]` keeps the repository's other workflows from running on it. */
export function candidateMessage(marker: Pick<ExperimentMarker, 'idea' | 'number' | 'campaign'>): string {
  const title = plainLine(marker.idea.title) || `Experiment ${marker.number}`;
  const branch = branchName(marker.campaign, marker.number);
  return `${title}\n\n${plainLine(marker.idea.hypothesis, 1000)}${candidateEnd(branch)}`;
}

/** Whether a commit with this message is a candidate that the App made for this branch. People's commits do not end like this. */
export function isCandidateFor(branch: string, message: string): boolean {
  return message.trimEnd().endsWith(candidateEnd(branch));
}

function candidateEnd(branch: string): string {
  return `\n\nBranch: ${branch}\n\n[skip ci]`;
}

/** Body of the squash commit's message, ending in git trailers; its title is passed separately. */
export function squashMessage(
  contract: Contract,
  pull: number,
  marker: ExperimentMarker,
  verdict: Verdict,
): string {
  const keeper = keptBy(marker);
  const trailers = [
    `${trailerName(contract.metric.name)}: ${verdict.value === null ? 'unknown' : formatValue(verdict.value)}`,
    `Experiment: #${pull}`,
    `Campaign: #${marker.campaign}`,
    `Trials: ${marker.trials.map(trial => trial.trial).join(' ')}`,
    ...(verdict.cause === 'simpler' ? [SIMPLER] : []),
    ...(keeper === null ? [] : [`Kept-by: ${plainLine(keeper)}`]),
  ];
  const why = plainLine(marker.idea.hypothesis, 1000) || openTitle(marker);
  return `${why}\n\n${trailers.join('\n')}`;
}

/** `val_bpb` -> `Val-Bpb` */
function trailerName(metric: string): string {
  const words = metric.split(/[^A-Za-z0-9]+/).filter(word => word !== '');
  return words.map(word => (word[0] ?? '').toUpperCase() + word.slice(1)).join('-') || 'Metric';
}

/** Of an idea that was merged because it makes the code shorter. */
const SIMPLER = 'Merged-for: shorter code';

/** What the message of a merge says about it. */
export interface MergeNote {
  campaign: number;
  pull: number;
  /** The title without its score and the number of the pull request. */
  idea: string;
  /** Whether it was merged for shorter code, so that no gain is expected. */
  simpler: boolean;
}

/** Reads what `squashMessage` and `settledTitle` wrote; null for any other commit. Lines that GitHub adds do no harm. */
export function mergeNote(message: string): MergeNote | null {
  const [title = '', ...body] = message.split(/\r?\n/);
  const number = (name: string) =>
    body
      .map(line => new RegExp(`^${name}: #(\\d+)$`).exec(line.trim())?.[1])
      .find(found => found !== undefined);
  const [campaign, pull] = [number('Campaign'), number('Experiment')];
  if (campaign === undefined || pull === undefined) return null;
  const idea = title.replace(new RegExp(` \\(#${pull}\\)$`), '').replace(SCORE, '');
  return { campaign: Number(campaign), pull: Number(pull), idea, simpler: body.includes(SIMPLER) };
}

/** `0.9697 (−0.0012) ` in front of a title. */
const SCORE = /^-?\d[\d.]*(?:e[-+]?\d+)? (?:\([−+±][\d.]+(?:e[-+]?\d+)?\) )?/;
