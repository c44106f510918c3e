/** The options of a trial. */
import type { StopBar } from '../protocol/stop-bar.ts';
import type { Limits } from './limits.ts';
import type { watchLoad } from './load.ts';

export interface TrialOptions {
  trial: string;
  /** Git checkouts and the commits that they must be at. */
  base: string;
  baseSha: string;
  candidate: string;
  candidateSha: string;
  seed: number;
  budgetSeconds: number;
  /** Time from the start of the command after which it is killed. */
  timeoutSeconds: number;
  /** See `parseCommand`. It runs in the root of the assembled directory. */
  command: string;
  /** The trial's own, empty directory. The caller removes it. */
  scratch: string;
  /** Environment of this process, a few variables of it are passed on. */
  environment: NodeJS.ProcessEnv;
  /** Further paths that the candidate may read, see SandboxOptions. */
  readable?: readonly string[];
  /** The checkout whose uncommitted packages (`.venv`, `node_modules`) the command uses; by default the base's. */
  packages?: string;
  /** Called with every line that the candidate prints. */
  onLine: (line: string) => void;
  signal?: AbortSignal;
  /** If true, the trial runs without a sandbox if the machine cannot provide one. The measurement says so. */
  sandboxOptional?: boolean;
  /** How busy other programs keep the machine; by default this one, really. */
  watchLoad?: typeof watchLoad;
  /** Limits that differ from the machine's defaults. */
  limits?: Partial<Limits>;
  /** What a referee needs to know about the champion's trials; absent for the champion itself. */
  terms?: RefereeTerms;
  /** The projection beyond which the trial is stopped early; if null or absent, it runs to the end. */
  stop?: StopBar | null;
}

/** What a referee needs to know about the champion. */
interface RefereeTerms {
  /** Scores below this are audited; null: all are. */
  threshold: number | null;
  /** The champion's start-up time. A candidate's start-up beyond 1.25 times this counts against its budget; null: none does. */
  championStartupSeconds: number | null;
  /** The champion's scoring time. A candidate may take twice as long; null: as long as the timeout allows. */
  championScoringSeconds: number | null;
}
