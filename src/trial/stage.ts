/** What a trial needs once everything is in place, and what comes of it. */
import type { Contract } from '../protocol/contract.ts';
import type { Measurement } from '../protocol/measurement.ts';
import type { Command } from './command.ts';
import type { Launch } from './launch.ts';
import type { Limits } from './limits.ts';
import type { TrialOptions } from './options.ts';

export interface Stage {
  options: TrialOptions;
  contract: Contract;
  command: Command;
  launched: Launch;
  limits: Limits;
  /** The trial's own directory. */
  scratch: string;
  /** Paths of this machine that mean nothing to a reader, with what to show instead. */
  shorten: ReadonlyMap<string, string>;
  digest: string;
  /** A preview worse than this ends the trial; null: none does. */
  stopBeyond: number | null;
}

/** The part of a measurement that the run itself brings. */
export type Finding = Pick<
  Measurement,
  'outcome' | 'preview' | 'refereed' | 'trainingSeconds' | 'peakMemoryMb' | 'reported'
>;
