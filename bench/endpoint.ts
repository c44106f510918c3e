// Bench: how fast webhooks are answered while a campaign runs, and what strangers cost
/** Half a minute. The App and the local GitHub are one process here, so the App alone answers sooner. */
import { fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { markdownTable } from 'markdown-table';
import { WEBHOOK_PATH } from '../src/app/endpoint.ts';
import type { Figures, Ready } from './endpoint/app.ts';

interface Answer {
  status: number;
  ms: number;
}

const WEBHOOKS = 1000;
const child = fork(new URL('./endpoint/app.ts', import.meta.url), {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const [ready] = (await once(child, 'message')) as [Ready];
const agent = new Agent({ keepAlive: true, maxSockets: 250 });
const known = JSON.stringify(ready.payload);
const rows: string[][] = [];

console.log(`${WEBHOOKS} requests at once, while a campaign runs:\n`);
await row('quiet: one after the other', 50, known, { atOnce: false });
await row('signed, of the repository', WEBHOOKS, known);
await row('signed, of unknown repositories', WEBHOOKS, unknown);
await row('signed, of installations', WEBHOOKS, '{"action":"created"}', { event: 'installation' });
await row('signed, `null`', WEBHOOKS, 'null');
await row('wrong signature, 1 MB', 100, 'x'.repeat(1 << 20), { secret: 'wrong' });
const slow = await slowSenders(200);
await row('signed, beside 200 slow senders', WEBHOOKS, known);
const head = [
  '',
  'requests',
  'status',
  'p50, ms',
  'p99, ms',
  'most, ms',
  'CPU, ms each',
  'log, bytes each',
  'trials meanwhile',
];
console.log(markdownTable([head, ...rows], { align: ['l', 'r', 'l', 'r', 'r', 'r', 'r', 'r', 'r'] }));
console.log(
  `\nThe last of 200 connections that send nothing more was closed after ${(await slow.closed).toFixed(1)} s.`,
);
console.log(`Memory of the process: ${Math.round((await figures()).memoryBytes / 1e6)} MB.`);
child.disconnect();
agent.destroy();

/** Payloads of repositories that the App is not installed on. */
function unknown(i: number): string {
  return JSON.stringify({
    ...ready.payload,
    repository: { ...ready.payload.repository, id: 1e6 + i, name: `r${i}` },
  });
}

interface Way {
  event?: string;
  secret?: string;
  atOnce?: boolean;
}

async function row(
  what: string,
  count: number,
  body: string | ((i: number) => string),
  { event = 'issue_comment', secret = ready.secret, atOnce = true }: Way = {},
): Promise<void> {
  const before = await figures();
  const answers: Answer[] = [];
  const bodies = Array.from({ length: count }, (_, i) => (typeof body === 'string' ? body : body(i)));
  if (atOnce) answers.push(...(await Promise.all(bodies.map(each => post(each, event, secret)))));
  else for (const each of bodies) answers.push(await post(each, event, secret));
  const after = await figures();
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => (times[Math.min(count - 1, Math.floor(share * count))] ?? 0).toFixed(0);
  const statuses = [...new Set(answers.map(({ status }) => status))].join(', ');
  const cpu = ((after.cpuMs - before.cpuMs) / count).toFixed(1);
  const logged = ((after.logBytes - before.logBytes) / count).toFixed(0);
  rows.push([
    what,
    String(count),
    statuses,
    at(0.5),
    at(0.99),
    at(1),
    cpu,
    logged,
    String(after.trials - before.trials),
  ]);
}

function post(body: string, event: string, secret: string): Promise<Answer> {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-github-event': event,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port: ready.port, path: WEBHOOK_PATH, method: 'POST', headers, agent };
    const sent = request(to, response => {
      response
        .resume()
        .on('end', () => resolve({ status: response.statusCode ?? 0, ms: performance.now() - began }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Opens connections that send the head of a request and then nothing. `closed` resolves with the seconds until the last is closed. */
async function slowSenders(count: number): Promise<{ closed: Promise<number> }> {
  const began = performance.now();
  const ends = Array.from({ length: count }, () => {
    const socket = connect(ready.port, '127.0.0.1');
    socket.write(`POST ${WEBHOOK_PATH} HTTP/1.1\r\n`);
    socket.resume();
    return once(socket, 'close');
  });
  await sleep(200);
  return { closed: Promise.all(ends).then(() => (performance.now() - began) / 1000) };
}

async function figures(): Promise<Figures> {
  child.send('figures');
  const [told] = (await once(child, 'message')) as [Figures];
  return told;
}
