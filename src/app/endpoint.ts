/**
 * Where GitHub delivers webhooks. Whoever can reach the port can send anything, so a request costs little until its signature is
 * verified: it is refused by its headers before its body is read, its body is bounded, and so is the time that it may take. A refused
 * request is one line in the log, with nothing that the sender wrote.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type BodyBudget, bodyBudget, checkLength, Refused, readBody } from './body.ts';

export const WEBHOOK_PATH = '/api/github/webhooks';

export interface EndpointOptions {
  host: string;
  /** 0 for any. */
  port: number;
  /** The App's webhook secret. */
  secret: string;
  log: { warn(fields: object, message: string): void };
  /** Takes a delivery whose signature is right. Must return at once. */
  receive(event: string, payload: object): void;
  /** How long the headers may take to arrive, and the whole request. */
  patience?: { headersMs: number; requestMs: number };
}

export interface Endpoint {
  port: number;
  close(): Promise<void>;
}

/** GitHub gives up after 10 s. */
const PATIENCE = { headersMs: 5000, requestMs: 15_000 };
const IDLE_MS = 5000;
const CHECK_EVERY_MS = 250;
const MOST_HEADER_BYTES = 16 * 1024;
const MOST_CONNECTIONS = 4096;
const WAITING_CONNECTIONS = 1024;
/** How long a refused request may go on sending, so that the sender can read the answer. */
const LINGER_MS = 1000;

/** Starts to listen. Rejects if the port is taken. */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { headersMs, requestMs } = options.patience ?? PATIENCE;
  const budget = bodyBudget();
  /** Connections whose end is in the log. */
  const ended = new WeakSet<Socket>();
  const server = createServer({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    maxHeaderSize: MOST_HEADER_BYTES,
  });
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answer(options, budget, request, response).catch(error => {
      if (!ended.has(request.socket)) refuse(options, request, response, error);
    });
  };
  server.maxConnections = MOST_CONNECTIONS;
  // Without this, Node asks for the body of a request that is about to be refused.
  server.on('request', handle).on('checkContinue', handle);
  server.on('clientError', (error, socket) => {
    ended.add(socket as Socket);
    endConnection(options, error, socket as Socket);
  });
  server.listen({ host: options.host, port: options.port, backlog: WAITING_CONNECTIONS });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  { secret, receive }: EndpointOptions,
  budget: BodyBudget,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?', 1)[0];
  if (request.method === 'GET' && (path === '/' || path === '/ping')) {
    response.end(path === '/' ? `autoresearch-bot. Webhooks go to ${WEBHOOK_PATH}.\n` : 'PONG');
    return;
  }
  const { event, signature } = checkHead(request, path);
  if (request.headers.expect !== undefined) response.writeContinue();
  const body = await readBody(request, budget);
  if (!isSigned(body, secret, signature))
    throw new Refused(401, 'the signature does not match the webhook secret');
  receive(event, parseObject(body));
  response.writeHead(202).end('accepted\n');
}

/** Everything that can be refused before the body is read. */
function checkHead(request: IncomingMessage, path: string | undefined): { event: string; signature: string } {
  const { headers, method } = request;
  if (path !== WEBHOOK_PATH) throw new Refused(404, 'no such page');
  if (method !== 'POST') throw new Refused(405, 'expected POST');
  const event = headers['x-github-event'];
  if (typeof event !== 'string' || !/^[a-z_]{1,64}$/.test(event))
    throw new Refused(400, 'expected the name of an event in X-GitHub-Event');
  if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
    throw new Refused(
      415,
      "expected the content type application/json, which is a setting of the App's webhook",
    );
  const signature = headers['x-hub-signature-256'];
  if (typeof signature !== 'string' || !/^sha256=[0-9a-f]{64}$/.test(signature))
    throw new Refused(401, 'expected a signature in X-Hub-Signature-256; the App needs a webhook secret');
  checkLength(request);
  return { event, signature };
}

function isSigned(body: Buffer, secret: string, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(signature.slice('sha256='.length), 'hex'));
}

function parseObject(body: Buffer): object {
  let payload: unknown;
  try {
    payload = JSON.parse(body.toString('utf8'));
  } catch {
    throw new Refused(400, 'expected JSON');
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw new Refused(400, 'expected a JSON object');
  return payload;
}

function refuse(
  { log }: EndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const { status, message } = error instanceof Refused ? error : new Refused(500, 'this server failed');
  log.warn({ status, from: request.socket.remoteAddress }, `refused a request: ${message}`);
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { connection: 'close', 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
  // Closing a connection while the other side is sending would take the answer from it.
  request.resume();
  setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
}

/** A request that is not HTTP, or too slow, or has too many headers. */
function endConnection({ log }: EndpointOptions, { code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = CLIENT_ERRORS.get(code ?? '') ?? [400, 'expected HTTP'];
  log.warn({ status, from: socket.remoteAddress }, `refused a request: ${reason}`);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const CLIENT_ERRORS = new Map<string, [number, string]>([
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'it took too long to arrive']],
  ['HPE_HEADER_OVERFLOW', [431, 'its headers are too long']],
]);
