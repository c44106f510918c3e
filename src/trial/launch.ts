/** How a candidate is started, with or without a sandbox. */
import type { Measurement } from '../protocol/measurement.ts';
import type { Command } from './command.ts';
import type { ControlGroup } from './control-group.ts';
import type { Limits } from './limits.ts';

export interface SandboxOptions {
  command: Command;
  /** The candidate's environment, in terms of this machine. */
  env: Record<string, string>;
  /** The assembled directory, which the command is started in. */
  workDir: string;
  /** The trial's own directory; may be filled with files for the sandbox. */
  scratch: string;
  /** Folders that a candidate must never see, even where they lie in a folder that it may read. */
  hidden: readonly string[];
  /** More that it may read: absolute paths, or below `~`, the machine's home, which are then below the candidate's own home. */
  readable: readonly string[];
  /** The machine's home. */
  machineHome: string;
  limits: Limits;
}

/** How to start the candidate. */
export interface Launch {
  kind: Measurement['sandbox'];
  file: string;
  args: string[];
  /** For another process to start the candidate: words before the command, and the command as it is inside. */
  wrap: string[];
  command: string[];
  cwd: string;
  /** The complete environment. */
  env: Record<string, string>;
  /** Where the candidate finds its work directory. */
  workDir: string;
  /** The group that its processes are in, to be removed after the trial; null where there is none. */
  group: ControlGroup | null;
}
