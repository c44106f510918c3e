/** A campaign as in the demo, with the time of every line in the logs of its jobs. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Octokit } from '@octokit/rest';
import { settingsFrom } from '../../src/app/settings.ts';
import { createEar } from '../../src/local/demo/hear.ts';
import { startServices } from '../../src/local/demo/services.ts';
import { look } from '../../src/local/demo/watch.ts';
import { CHECKOUT } from '../../src/starter/own-checkout.ts';
import type { WaitingRepository } from './repository.ts';

export interface Heard {
  /** Seconds since any fixed moment. */
  at: number;
  line: string;
}

const LOOK_EVERY_MS = 500;

/** Runs a campaign and returns the lines of all jobs. */
export async function campaign(
  { folder, root }: WaitingRepository,
  experiments: number,
): Promise<readonly Heard[]> {
  const now = () => performance.now() / 1000;
  const heard: Heard[] = [];
  const services = await startServices({
    dir: folder,
    port: 0,
    runners: 1,
    environment: process.env,
    settings: settingsFrom(process.env),
    actionDir: CHECKOUT,
    onLine: (_, line) => heard.push({ at: now(), line }),
    onFailure: error => {
      throw error;
    },
  });
  try {
    const repository = { owner: 'you', repo: 'overhead' };
    await services.createRepository({ owner: 'you', name: 'overhead', from: root, defaultBranch: 'main' });
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const octokit = new Octokit({ baseUrl: `${services.url}/api/v3`, auth: services.token, log: silent });
    const issue = await octokit.rest.issues.create({ ...repository, title: 'Overhead' });
    const issue_number = issue.data.number;
    await octokit.rest.issues.createComment({
      ...repository,
      issue_number,
      body: `/research ${experiments}`,
    });
    const metric = { name: 'val_loss', goal: 'minimize' } as const;
    const watched = { repository, issue: issue_number, metric, budgetSeconds: 1 };
    for (;;) {
      const found = await look(octokit, watched, createEar(now));
      if (found?.board.phase === 'paused') throw new Error(`The campaign paused: ${found.board.reason}`);
      if (found && found.board.phase !== 'running' && found.board.running.length === 0) return heard;
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    await services.close();
  }
}
