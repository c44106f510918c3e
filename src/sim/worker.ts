/** A thread that simulates the campaigns whose seeds it is sent, and sends back what was found. */
import { parentPort } from 'node:worker_threads';
import { simulate } from './campaign.ts';

parentPort?.on('message', (seeds: number[]) => {
  void (async () => {
    for (const seed of seeds) parentPort?.postMessage(await simulate(seed));
  })();
});
