/** What a trial is started with. */
import type { StopBar } from '../protocol/stop-bar.ts';
import type { Limits } from './limits.ts';

export interface TrialOptions {
  trial: string;
  /** Git checkouts, and the commits that they must be at. */
  base: string;
  baseSha: string;
  candidate: string;
  candidateSha: string;
  seed: number;
  budgetSeconds: number;
  /** From the start of the command to its end; then it is killed. */
  timeoutSeconds: number;
  /** See `parseCommand`. Runs in the root of the assembled directory. */
  command: string;
  /** An empty directory of the trial's own; the caller removes it. */
  scratch: string;
  /** Environment of this process, from which a short list is passed on. */
  environment: NodeJS.ProcessEnv;
  /** More that the candidate may read, see SandboxOptions. */
  readable?: readonly string[];
  /** Every line that the candidate prints. */
  onLine: (line: string) => void;
  signal?: AbortSignal;
  /** True: where the machine cannot provide the contract's sandbox, go on without. The measurement says so. */
  sandboxOptional?: boolean;
  /** What the candidate may use, where that is not the machine's default. */
  limits?: Partial<Limits>;
  /** What the champion's trials tell a referee; nothing for the champion itself. */
  terms?: RefereeTerms;
  /** From which preview on the trial is not worth its rest; null or nothing: it is finished in any case. */
  stop?: StopBar | null;
}

/** How a refereed trial is judged while it runs. */
interface RefereeTerms {
  /** A number below this is audited; null audits in any case. */
  threshold: number | null;
  /** Start-up of the champion, beyond 1.25 times of which the budget is charged; null charges nothing. */
  championStartupSeconds: number | null;
  /** Scoring of the champion, twice of which is allowed; null allows what the timeout leaves. */
  championScoringSeconds: number | null;
}
