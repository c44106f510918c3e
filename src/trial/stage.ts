/** Everything a trial needs once it is set up, and its result. */
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
  /** Paths of this machine that mean nothing to a reader, and what to show instead. */
  shorten: ReadonlyMap<string, string>;
  digest: string;
  /** A projection worse than this stops the trial early; null: none does. */
  stopBeyond: number | null;
}

/** The part of a measurement that comes from the run itself. */
export type Finding = Pick<
  Measurement,
  | 'outcome'
  | 'preview'
  | 'refereed'
  | 'conditions'
  | 'trainingSeconds'
  | 'peakMemoryMb'
  | 'reported'
  | 'numbers'
>;
