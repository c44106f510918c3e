/** What carrying out an action takes, besides the snapshot. */
import type { AgentEnv, ChooseAgent } from '../agents/create.ts';
import type { progressChart } from '../render/chart.ts';
import type { GitHubPort } from './port.ts';
import type { Thinking } from './thinking.ts';

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Context {
  port: GitHubPort;
  /** The environment variables from which agents read their keys. */
  agentEnv: AgentEnv;
  thinking: Thinking;
  /** Chooses a campaign's agent. */
  chooseAgent: ChooseAgent;
  /** Draws the export's chart; `progressChart` except in a simulation, which would draw thousands. */
  drawChart: typeof progressChart;
  /** Secret from which the campaigns' seeds are derived. */
  seedSecret: string;
  /** Values that nothing which is published may contain. */
  secrets: readonly string[];
  /** Web address of GitHub, without a trailing slash. */
  serverUrl: string;
  /** What `autoresearch init` writes, offered to repositories that lack it. */
  templates: { contract: string; workflow: string };
  now(): Date;
  log: Log;
}
