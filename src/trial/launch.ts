/** How a candidate is started, with or without a sandbox. */
import type { Measurement } from '../protocol/measurement.ts';
import type { ControlGroup } from './control-group.ts';
import type { Limits } from './limits.ts';
import type { Runtime } from './runtime.ts';

export interface SandboxOptions {
  runtime: Runtime;
  /** The candidate's environment, with this machine's paths. */
  env: Record<string, string>;
  /** The assembled directory, in which the command is started. */
  workDir: string;
  /** The trial's own directory, where files for the sandbox may be written. */
  scratch: string;
  /** Folders that a candidate must never see, even if they are inside a folder that it may read. */
  hidden: readonly string[];
  /** Further paths that it may read: absolute, or below `~`. The latter are below the machine's home, and mounted below the candidate's. */
  readable: readonly string[];
  /** Folders of the machine's caches by the variable that names them. */
  caches: Readonly<Record<string, string>>;
  /** Whether a program may write beside its code. */
  isWorkWritable: boolean;
  /** The machine's home. */
  machineHome: string;
  limits: Limits;
  /** Whether it may start processes besides its threads. */
  mayFork: boolean;
}

/** How to start the candidate. */
export interface Launch {
  kind: Measurement['sandbox'];
  file: string;
  args: string[];
  /** For another process that starts the candidate: the arguments before the command, and the command as it is inside the sandbox. */
  wrap: string[];
  command: string[];
  cwd: string;
  /** The complete environment. */
  env: Record<string, string>;
  /** The working directory as the candidate sees it. */
  workDir: string;
  /** Folders in memory that it can write to, whose sizes are limited together. */
  writable: string[];
  /** The control group of its processes, to be removed after the trial; null if there is none. */
  group: ControlGroup | null;
}
