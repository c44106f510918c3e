/** The commands people write in comments. One table gives the parser and the help text. */

/** `/research 50` and its options; null means "as the contract says". */
export interface StartCommand {
  kind: 'start';
  experiments: number;
  parallel: number | null;
  budgetSeconds: number | null;
  agent: string | null;
  topic: string;
}
/** Commands for one experiment, commented on its pull request. */
export type ExperimentCommand = 'keep' | 'discard' | 'rerun';
export type Command =
  | StartCommand
  | { kind: 'try'; idea: string }
  | { kind: 'stack'; pulls: number[] }
  | { kind: 'undo'; pull: number }
  | { kind: 'status' | 'pause' | 'resume' | 'stop' | 'help' | ExperimentCommand };
export type ParsedCommand = { kind: 'command'; command: Command } | { kind: 'mistake'; message: string };

/** Every command: its name (null for a number of experiments), and whether it belongs on an issue or on a pull request. */
export const COMMANDS = [
  {
    name: null,
    on: 'issue',
    usage: '/research 50',
    does: 'starts a campaign of 50 experiments; on an existing campaign, adds 50',
  },
  {
    name: null,
    on: 'issue',
    usage: '/research 50 look into the schedule',
    does: 'the same, with a hint for the agent',
  },
  {
    name: 'try',
    on: 'issue',
    usage: '/research try IDEA',
    does: 'tries your idea next, as one more experiment',
  },
  {
    name: 'stack',
    on: 'issue',
    usage: '/research stack #3 #7',
    does: 'tries closed experiments together, as one more experiment',
  },
  {
    name: 'undo',
    on: 'issue',
    usage: '/research undo #3',
    does: 'tries the champion without a merged experiment, as one more experiment',
  },
  { name: 'status', on: 'issue', usage: '/research status', does: 'shows the state of the campaign' },
  {
    name: 'pause',
    on: 'issue',
    usage: '/research pause',
    does: 'starts nothing new; running trials finish',
  },
  { name: 'resume', on: 'issue', usage: '/research resume', does: 'resumes a paused campaign' },
  {
    name: 'stop',
    on: 'issue',
    usage: '/research stop',
    does: 'ends the campaign, cancels running trials and closes open experiments',
  },
  { name: 'help', on: 'both', usage: '/research help', does: 'shows this help' },
  {
    name: 'keep',
    on: 'pull',
    usage: '/research keep',
    does: 'merges the experiment once it has been measured on the current champion, whatever the gate decides',
  },
  { name: 'discard', on: 'pull', usage: '/research discard', does: 'closes the experiment' },
  {
    name: 'rerun',
    on: 'pull',
    usage: '/research rerun',
    does: 'runs one more trial; on a closed experiment, opens a new one with the same edits',
  },
] as const;

export const FLAGS = [
  { name: '--parallel', value: 'N', does: 'trials in parallel: the number of runners' },
  { name: '--budget', value: '5m', does: 'training time per trial, such as 90s, 5m or 1h' },
  { name: '--agent', value: 'NAME', does: 'one of the agents in the contract' },
] as const;

/** Names of the commands that have one. */
export const COMMAND_NAMES = COMMANDS.flatMap(({ name }) => name ?? []);
