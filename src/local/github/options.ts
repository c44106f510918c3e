/** How a local GitHub is started. */
import type { Permission } from './state.ts';

export interface LocalGitHubOptions {
  /** 0 for any; bound to 127.0.0.1 only. */
  port: number;
  /** Holds git storage, logs, artifacts and `state.json`; starting again on the same directory resumes everything. */
  dir: string;
  /** The one App. `publicKey` is PEM and verifies its JSON web tokens. */
  app: { id: number; slug: string; name: string; publicKey: string; webhookSecret: string };
  /** People, with their permission on every repository. */
  users: { login: string; token: string; permission: Permission }[];
  /** true: web pages show everything, private repositories too, to whoever opens them on this machine. Without it there are none. */
  pages?: boolean;
  /** The time that is written down; credentials are checked against the machine's. */
  clock?: () => Date;
  /** How long a new run is missing from the lists of runs. */
  runListLagSeconds?: number;
  /** Hears of what failed in the server itself, which no answer tells. By default it goes to standard error. */
  onError?: (error: unknown) => void;
  /** Called before a REST request is handled; a response that it returns is the answer, and nothing happens. */
  intercept?: (request: Request) => Promise<Response | undefined> | Response | undefined;
  /** Called after a REST request took effect; a response that it returns is what the client gets. */
  afterwards?: (request: Request, response: Response) => Promise<Response | undefined> | Response | undefined;
}
