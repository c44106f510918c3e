/** Sends webhooks: in order, in the background, each once. As on GitHub, a failed delivery is recorded and not repeated. */
import { createHmac, randomUUID } from 'node:crypto';

export interface Delivery {
  event: string;
  action: string | null;
  /** HTTP status of the answer; null where none came. */
  status: number | null;
  /** Why none came; null where one did. */
  error: string | null;
}

export interface Webhooks {
  send(event: string, body: string): void;
  /** Whether there is a URL to send to. */
  listening(): boolean;
  setUrl(url: string | undefined): void;
  /** The latest deliveries, oldest first. */
  readonly deliveries: readonly Delivery[];
  /** Gives up what is under way or waiting. */
  close(): void;
}

const TIMEOUT_MS = 10_000;
const REMEMBERED = 1000;

/** A sender that signs with `secret`. Until it has a URL, events are dropped. */
export function startWebhooks(o: { secret: string; appId: number }): Webhooks {
  let url: string | undefined;
  let last: Promise<void> = Promise.resolve();
  const stopped = new AbortController();
  const deliveries: Delivery[] = [];

  const deliver = async (to: string, event: string, body: string) => {
    if (stopped.signal.aborted) return;
    const id = randomUUID();
    const signature = createHmac('sha256', o.secret).update(body).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/local',
      'x-github-event': event,
      'x-github-delivery': id,
      'x-github-hook-installation-target-id': String(o.appId),
      'x-github-hook-installation-target-type': 'integration',
      'x-hub-signature-256': `sha256=${signature}`,
    };
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const delivery: Delivery = { event, action: actionOf(body), status: null, error: null };
    try {
      const response = await fetch(to, { method: 'POST', headers, body, signal });
      await response.arrayBuffer();
      delivery.status = response.status;
    } catch (error) {
      delivery.error = error instanceof Error ? error.message : String(error);
    }
    deliveries.push(delivery);
    if (deliveries.length > REMEMBERED) deliveries.shift();
  };

  const send = (event: string, body: string) => {
    const to = url;
    if (to !== undefined) last = last.then(() => deliver(to, event, body));
  };
  const setUrl = (to: string | undefined) => {
    url = to;
  };
  return { send, setUrl, listening: () => url !== undefined, deliveries, close: () => stopped.abort() };
}

function actionOf(body: string): string | null {
  const payload = JSON.parse(body) as { action?: unknown };
  return typeof payload.action === 'string' ? payload.action : null;
}
