/** What the process of the App is told by the test that starts it. */
import { z } from 'zod';

export const botSettingsSchema = z.strictObject({
  appId: z.int(),
  privateKey: z.string(),
  secret: z.string(),
  /** REST root of GitHub. */
  baseUrl: z.string(),
  logFile: z.string(),
  /** From this moment (milliseconds) the clock runs `rate` times as fast as the machine's. */
  clock: z.strictObject({ since: z.number(), rate: z.number().positive() }),
});
export type BotSettings = z.infer<typeof botSettingsSchema>;

/** A clock that shows the machine's time at `since` and runs `rate` times as fast. */
export function clockOf({ since, rate }: BotSettings['clock']): () => Date {
  return () => new Date(since + (Date.now() - since) * rate);
}
