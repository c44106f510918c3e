/** Reads the bodies of requests, none longer than GitHub sends, and not many at once. */
import type { IncomingMessage } from 'node:http';

/** A request that is not answered. The message is for the sender and the log, and contains nothing that the sender wrote. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** GitHub caps payloads at 25 MB. */
const MOST_BYTES = 25 * 1024 * 1024;
/** All bodies that are being read at the same time. */
const MOST_BYTES_AT_ONCE = 4 * MOST_BYTES;

export interface BodyBudget {
  held: number;
}

export function bodyBudget(): BodyBudget {
  return { held: 0 };
}

const tooLong = () => new Refused(413, `the body is longer than ${MOST_BYTES} bytes`);

/** Throws if the request says that its body is too long. */
export function checkLength({ headers }: IncomingMessage): void {
  if (Number(headers['content-length'] ?? 0) > MOST_BYTES) throw tooLong();
}

/** The request's body. Throws a Refused error if it is too long, or if too much is being read at once. */
export async function readBody(request: IncomingMessage, budget: BodyBudget): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Ending the loop must not close the connection, which still gets an answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      budget.held += chunk.length;
      if (bytes > MOST_BYTES) throw tooLong();
      if (budget.held > MOST_BYTES_AT_ONCE) throw new Refused(503, 'too many requests at once');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(400, 'the connection ended before the body did');
  } finally {
    budget.held -= bytes;
  }
  return Buffer.concat(chunks, bytes);
}
