/** The kinds of agents. A new kind needs a schema and its abilities here, and a case in `agents/create.ts`. */
import { z } from 'zod';
import { durationSchema } from './duration.ts';

const nameSchema = z.string().regex(/^[a-z0-9-]+$/, 'expected lower-case letters, digits and dashes');

export const agentSchema = z.discriminatedUnion('use', [
  z.strictObject({
    name: nameSchema,
    use: z.literal('openai'),
    model: z.string().min(1),
    /** Dollars per million tokens; without a price, the cost in dollars is unknown. */
    price: z.strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() }).optional(),
    /** How long its server may be silent, and how long retries may take; in seconds. */
    timeout: durationSchema.default(300),
  }),
  z.strictObject({ name: nameSchema, use: z.literal('explore') }),
]);

export type AgentConfig = z.infer<typeof agentSchema>;

export interface AgentAbilities {
  /** Its answers take so long that the next idea is requested while all runners are busy. */
  thinksAhead: boolean;
  /** Can fix an experiment that crashed. */
  repairs: boolean;
  /** Can redo an experiment's edits on another champion. */
  ports: boolean;
  /** Is told what the brief says. */
  readsBrief: boolean;
  /** Costs money, so a limit in dollars needs its price. */
  costsMoney: boolean;
}

const ABILITIES: Record<AgentConfig['use'], AgentAbilities> = {
  openai: { thinksAhead: true, repairs: true, ports: true, readsBrief: true, costsMoney: true },
  explore: { thinksAhead: false, repairs: false, ports: false, readsBrief: false, costsMoney: false },
};

export function abilitiesOf({ use }: Pick<AgentConfig, 'use'>): AgentAbilities {
  return ABILITIES[use];
}

/** Dollars per million tokens; undefined if the contract sets no price. */
export function priceOf(agent: AgentConfig): { input: number; output: number } | undefined {
  return 'price' in agent ? agent.price : undefined;
}

/** The contract's agent named `wanted`, or its first one if `wanted` is null; undefined if there is no agent of that name. */
export function agentNamed(
  { agents }: { agents: readonly AgentConfig[] },
  wanted: string | null | undefined,
): AgentConfig | undefined {
  return wanted == null ? agents[0] : agents.find(({ name }) => name === wanted);
}
