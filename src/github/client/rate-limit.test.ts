import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProbotOctokit } from 'probot';
import { limitSeconds } from '../errors.ts';
import { considerate, octokitPort } from './octokit.ts';
import { createQuiet, type Quiet } from './rate-limit.ts';

const SECONDARY = { message: 'You have exceeded a secondary rate limit.' };

/** The port on a GitHub that gives these answers one after the other; `asked` holds the times of the requests. */
function portOn(answers: (() => Response)[], quiet: Quiet = createQuiet()) {
  const asked: number[] = [];
  const octokit = new ProbotOctokit({
    throttle: { enabled: false },
    request: {
      fetch: async () => {
        asked.push(Date.now());
        return answers.shift()?.() ?? Response.json({ private: true, default_branch: 'main' });
      },
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const port = octokitPort(considerate(octokit, quiet), { owner: 'alice', name: 'model' }, 'bot[bot]');
  return { port, asked };
}

const merging = { sha: 'c'.repeat(40), title: 'It helps', message: '' };

describe('a limit with a time', { concurrency: true }, () => {
  for (const [what, limit] of [
    ['403 and retry-after', () => Response.json(SECONDARY, { status: 403, headers: { 'retry-after': '2' } })],
    ['429 and retry-after', () => Response.json(SECONDARY, { status: 429, headers: { 'retry-after': '2' } })],
    [
      'nothing that remains until a time',
      () => {
        const reset = String(Math.floor(Date.now() / 1000) + 1);
        const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
        return Response.json({ message: 'API rate limit exceeded' }, { status: 403, headers });
      },
    ],
  ] as const)
    test(`after ${what} nothing reaches GitHub too early, whoever asks`, async () => {
      const quiet = createQuiet();
      const { port, asked } = portOn([limit], quiet);
      const neighbour = portOn([], quiet);
      await assert.rejects(port.merge(1, merging), error => limitSeconds(error) >= 1);
      const least = (asked[0] ?? 0) + 1000;
      await assert.rejects(port.createComment(1, 'Hello.'), { status: 429 });
      await assert.rejects(neighbour.port.addLabel(1, 'research'), { status: 429 });
      assert.deepEqual([asked.length, neighbour.asked.length], [1, 0]);
      // The client asks again by itself after 1 and 5 seconds; what comes too early is kept back.
      assert.equal((await port.about()).defaultBranch, 'main');
      assert.equal(asked.length, 2);
      assert.ok((asked[1] ?? 0) >= least);
    });
});

test('a limit without a time is a minute', async () => {
  const { port } = portOn([() => Response.json(SECONDARY, { status: 403 })]);
  await assert.rejects(port.createComment(1, 'Hello.'), error => limitSeconds(error) === 60);
});

test('a refusal is no limit: it is told as what it is', async () => {
  const refusal = () => Response.json({ message: 'Resource not accessible by integration' }, { status: 403 });
  const { port, asked } = portOn([refusal]);
  assert.equal((await port.merge(1, merging)).kind, 'refused');
  assert.equal((await port.about()).defaultBranch, 'main');
  assert.equal(asked.length, 2);
});

test('a limit on an answer that may be missing is not taken for missing', async () => {
  const { port } = portOn([() => Response.json(SECONDARY, { status: 403 })]);
  await assert.rejects(port.react(1, 'eyes'), { status: 429 });
});
