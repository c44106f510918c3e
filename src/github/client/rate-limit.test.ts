import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProbotOctokit } from 'probot';
import { limitSeconds } from '../errors.ts';
import { limitedAndCached, octokitPort } from './octokit.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';

const SECONDARY = { message: 'You have exceeded a secondary rate limit.' };

/** The port on a GitHub that gives these answers in turn; `asked` holds the times of the requests. */
function portOn(answers: (() => Response)[], limit: RateLimit = createRateLimit()) {
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
  const port = octokitPort(limitedAndCached(octokit, limit), { owner: 'alice', name: 'model' }, 'bot[bot]');
  return { port, asked };
}

const merging = { sha: 'c'.repeat(40), title: 'It helps', message: '' };

describe('a limit with a time', { concurrency: true }, () => {
  for (const [what, answer] of [
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
    test(`after ${what} no request reaches GitHub too early, from any client`, async () => {
      const limit = createRateLimit();
      const { port, asked } = portOn([answer], limit);
      const neighbour = portOn([], limit);
      await assert.rejects(port.merge(1, merging), error => limitSeconds(error) >= 1);
      const least = (asked[0] ?? 0) + 1000;
      await assert.rejects(port.createComment(1, 'Hello.'), { status: 429 });
      await assert.rejects(neighbour.port.addLabel(1, 'research'), { status: 429 });
      assert.deepEqual([asked.length, neighbour.asked.length], [1, 0]);
      // The client retries by itself after 1 and 5 seconds; what is too early is not sent.
      assert.equal((await port.about()).defaultBranch, 'main');
      assert.equal(asked.length, 2);
      assert.ok((asked[1] ?? 0) >= least);
    });
});

test('a limit without a time lasts a minute', async () => {
  const { port } = portOn([() => Response.json(SECONDARY, { status: 403 })]);
  await assert.rejects(port.createComment(1, 'Hello.'), error => limitSeconds(error) === 60);
});

test('a missing permission is not a rate limit', async () => {
  const refusal = () => Response.json({ message: 'Resource not accessible by integration' }, { status: 403 });
  const { port, asked } = portOn([refusal]);
  assert.equal((await port.merge(1, merging)).kind, 'refused');
  assert.equal((await port.about()).defaultBranch, 'main');
  assert.equal(asked.length, 2);
});

test('a limit is never mistaken for a missing resource', async () => {
  const { port } = portOn([() => Response.json(SECONDARY, { status: 403 })]);
  await assert.rejects(port.react(1, 'eyes'), { status: 429 });
});
