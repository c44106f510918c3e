/** What every action is applied with. */
import type { AgentEnv, chooseAgent } from '../agents/create.ts';
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
  /** Where agents find their keys. */
  agentEnv: AgentEnv;
  thinking: Thinking;
  /** Says who thinks for a campaign; `chooseAgent` but in a simulation. */
  chooseAgent: typeof chooseAgent;
  /** Draws the picture of the export; `progressChart` but in a simulation, which has thousands to draw. */
  drawChart: typeof progressChart;
  /** From which the campaigns' seeds are derived; known to the App alone. */
  seedSecret: string;
  /** Web address of GitHub, no slash at the end. */
  serverUrl: string;
  /** What `autoresearch init` writes, for repositories that lack it. */
  templates: { contract: string; workflow: string };
  now(): Date;
  log: Log;
}
