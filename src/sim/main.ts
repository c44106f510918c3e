/** `npm run sim -- --seed 1 --campaigns 1000`: simulates campaigns, and says which invariants they violated. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Result, simulate } from './campaign.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { describeTally, describeViolation } from './report.ts';
import { addTally, emptyTally } from './tally.ts';

/** Violations that are printed in full. */
const SHOWN = 10;
/** Seeds that a thread is sent at a time. */
const BATCH = 20;
const PROGRESS_SECONDS = 5;

async function main(options: Options): Promise<number> {
  const tally = emptyTally();
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let violations = 0;
  let told = 0;
  const take = (result: Result) => {
    addTally(tally, result.tally);
    if (result.violation && violations++ < SHOWN) console.log(`${describeViolation(result)}\n`);
    if (seconds() < told + PROGRESS_SECONDS) return;
    told = seconds();
    console.log(`${tally.campaigns} of ${options.campaigns} campaigns, ${violations} violations`);
  };
  if (options.trace || options.campaigns === 1)
    for (let i = 0; i < options.campaigns; i++)
      take(await simulate(options.seed + i, options.trace ? { trace: console.log } : {}));
  else await inThreads(options, take);
  console.log(describeTally(tally, violations, seconds()));
  return violations === 0 ? 0 : 1;
}

/** Shares the seeds out; which thread simulates which changes nothing. */
async function inThreads({ seed, campaigns, jobs }: Options, take: (result: Result) => void): Promise<void> {
  let next = 0;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('worker.ts', import.meta.url));
      let waiting = 0;
      const send = () => {
        const seeds = Array.from({ length: Math.min(BATCH, campaigns - next) }, () => seed + next++);
        waiting = seeds.length;
        if (waiting > 0) worker.postMessage(seeds);
        else void worker.terminate().then(() => resolve());
      };
      worker.on('error', reject);
      worker.on('message', (result: Result) => {
        take(result);
        if (--waiting === 0) send();
      });
      send();
    });
  const threads = Math.min(jobs ?? availableParallelism(), Math.ceil(campaigns / BATCH));
  await Promise.all(Array.from({ length: threads }, one));
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else process.exitCode = await main(options);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 2;
}
