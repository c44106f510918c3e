/** The kinds of agents that a contract can name. A new kind is one schema and one line of abilities here, and one line in `agents/create.ts`. */
import { z } from 'zod';

const nameSchema = z.string().regex(/^[a-z0-9-]+$/, 'expected lower-case letters, digits and dashes');

export const agentSchema = z.discriminatedUnion('use', [
  z.strictObject({
    name: nameSchema,
    use: z.literal('openai'),
    model: z.string().min(1),
    /** Dollars per million tokens; without them the cost in dollars is unknown. */
    price: z.strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() }).optional(),
  }),
  z.strictObject({ name: nameSchema, use: z.literal('explore') }),
]);

export type AgentConfig = z.infer<typeof agentSchema>;

export interface AgentAbilities {
  /** Its answers take long enough that the next idea is asked for while every runner is busy. */
  thinksAhead: boolean;
  /** Can fix an experiment that crashed. */
  repairs: boolean;
  /** Can make an experiment's edits again on another champion. */
  ports: boolean;
  /** Costs money, so a limit in dollars needs its price. */
  costsMoney: boolean;
}

const ABILITIES: Record<AgentConfig['use'], AgentAbilities> = {
  openai: { thinksAhead: true, repairs: true, ports: true, costsMoney: true },
  explore: { thinksAhead: false, repairs: false, ports: false, costsMoney: false },
};

export function abilitiesOf({ use }: Pick<AgentConfig, 'use'>): AgentAbilities {
  return ABILITIES[use];
}

/** Dollars per million tokens; undefined where the contract does not say. */
export function priceOf(agent: AgentConfig): { input: number; output: number } | undefined {
  return 'price' in agent ? agent.price : undefined;
}

/** The contract's agent of that name, or its first where none is asked for; undefined where it has none of that name. */
export function agentNamed(
  { agents }: { agents: readonly AgentConfig[] },
  wanted: string | null | undefined,
): AgentConfig | undefined {
  return wanted == null ? agents[0] : agents.find(({ name }) => name === wanted);
}
