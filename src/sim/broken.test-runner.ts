/** A thread that breaks the App in the way that it is sent, and sends back which invariant found that. */
import { parentPort } from 'node:worker_threads';
import { violationBy } from './broken.test-helper.ts';

parentPort?.on('message', async (what: string) => {
  parentPort?.postMessage(await violationBy(what));
});
