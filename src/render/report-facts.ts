/** What the parts of a campaign's report are made from. */
import { isNearMiss } from '../campaign/evidence/ending.ts';
import { type Spending, spending } from '../campaign/evidence/ledger.ts';
import { type Levels, type Line, levelsOf, lineOf, noiseOf } from '../campaign/evidence/result.ts';
import type { Experiment, KnownCampaign, Snapshot } from '../campaign/model.ts';
import { experimentsOf } from '../campaign/queries.ts';
import type { Contract } from '../protocol/contract.ts';

export interface Facts {
  snapshot: Snapshot;
  contract: Contract;
  campaign: KnownCampaign;
  experiments: Experiment[];
  /** Null if nothing was merged. */
  line: Line | null;
  levels: Levels;
  noise: number | null;
  /** Closed ideas that scored better, the largest gain first. */
  nearMisses: Experiment[];
  spent: Spending;
}

export function factsOf(snapshot: Snapshot, contract: Contract, campaign: KnownCampaign): Facts {
  const experiments = experimentsOf(snapshot, campaign);
  const line = lineOf(experiments);
  return {
    snapshot,
    contract,
    campaign,
    experiments,
    line,
    levels: line ? levelsOf(snapshot, campaign, line.first, line.last) : { first: null, last: null },
    noise: noiseOf(line?.merged ?? []),
    nearMisses: experiments
      .filter(({ marker, stacked }) => isNearMiss(marker, contract.metric.goal) && !stacked)
      .sort((a, b) => gainOf(b, contract) - gainOf(a, contract)),
    spent: spending(campaign, experiments),
  };
}

/** By how much an experiment scored better than the champion that it was compared with. */
function gainOf({ marker: { verdict } }: Experiment, { metric }: Contract): number {
  if (verdict?.value == null || verdict.championValue === null) return 0;
  return (verdict.championValue - verdict.value) * (metric.goal === 'minimize' ? 1 : -1);
}
