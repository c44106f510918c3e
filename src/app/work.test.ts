import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { type Probot, ProbotOctokit } from 'probot';
import { settingsFrom } from './settings.ts';
import { startWork } from './work.ts';

type Names = Record<number, string>;

const COMMIT = { sha: 'a'.repeat(40), parents: [], commit: { message: '', tree: { sha: 'b'.repeat(40) } } };

/** A GitHub with these installations, each with its repositories by id; null: they cannot be listed; `slow`: the list never comes. */
function github(installations: Record<number, Names | null | 'slow'>, isEmpty = true) {
  const asked = new EventTarget();
  const paths: string[] = [];
  const since: string[] = [];
  const logged: { msg: string; repository?: string }[] = [];
  const answer = (path: string, installation: number): unknown => {
    if (path === '/app') return { slug: 'bot' };
    if (path === '/app/installations')
      return Object.keys(installations).map(id => ({ id: Number(id), suspended_at: null }));
    const names = installations[installation];
    if (path === '/installation/repositories' && typeof names === 'object' && names !== null)
      return {
        total_count: Object.keys(names).length,
        repositories: Object.entries(names).map(([id, full]) => {
          const [login, name] = full.split('/');
          return { id: Number(id), owner: { login }, name, archived: false };
        }),
      };
    if (!isEmpty && path.endsWith('/branches/main')) return { commit: COMMIT };
    if (!isEmpty && /\/(issues|comments|pulls|matching-refs\/.+)$/.test(path)) return [];
    // Where the repository is empty, a step needs few other requests.
    return /^\/repos\/[^/]+\/[^/]+$/.test(path) ? { private: true, default_branch: 'main' } : null;
  };
  const client = (installation: number) =>
    new ProbotOctokit({
      auth: 'token',
      retry: { enabled: false },
      throttle: { enabled: false },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      request: {
        fetch: async (url: string) => {
          const { pathname, searchParams } = new URL(url);
          if (installations[installation] === 'slow') await new Promise(() => {});
          const body = answer(pathname, installation);
          paths.push(pathname);
          if (pathname.endsWith('/comments')) since.push(searchParams.get('since') ?? '');
          asked.dispatchEvent(new Event(pathname));
          const status = body === null ? 404 : 200;
          // The client takes the address of the next page from the response's own.
          return Object.defineProperty(
            Response.json(body, { status, headers: { date: new Date().toUTCString() } }),
            'url',
            { value: url },
          );
        },
      },
    });
  const probot = {
    auth: async (installation = 0) => client(installation),
    log: pino({ base: null }, { write: line => logged.push(JSON.parse(line)) }),
  } as unknown as Pick<Probot, 'auth' | 'log'>;
  /** Repositories with this log message. */
  const told = (what: string) => logged.flatMap(({ msg, repository }) => (msg === what ? repository : []));
  return { probot, paths, since, told, lookAt: (full: string) => once(asked, `/repos/${full}`) };
}

function work(probot: Pick<Probot, 'auth' | 'log'>, signal: AbortSignal, now = () => new Date()) {
  return startWork(probot, {
    pollSeconds: 3600,
    seedSecret: '',
    secrets: [],
    agentEnv: { OPENAI_API_KEY: undefined, OPENAI_BASE_URL: undefined },
    templates: { contract: '', workflow: '' },
    now,
    signal,
  });
}

test('an installation that cannot be listed does not affect the others', async () => {
  const stop = new AbortController();
  const { probot, lookAt } = github({ 1: null, 2: { 20: 'bob/model' } });
  const looked = lookAt('bob/model');
  work(probot, stop.signal);
  await looked;
  stop.abort();
});

test('a renamed repository is only watched under its new name', async () => {
  const stop = new AbortController();
  const installations = { 2: { 20: 'bob/model' } };
  const { probot, paths, lookAt } = github(installations);
  const first = lookAt('bob/model');
  const { nudge, discover } = work(probot, stop.signal);
  await first;
  installations[2][20] = 'bob/renamed';
  const second = lookAt('bob/renamed');
  nudge({ id: 20, repository: { owner: 'bob', name: 'renamed' }, installation: 2 });
  await second;
  const looks = paths.filter(path => path === '/repos/bob/model').length;
  const again = lookAt('bob/renamed');
  await discover();
  nudge({ id: 20, repository: { owner: 'bob', name: 'renamed' }, installation: 2 });
  await again;
  assert.equal(paths.filter(path => path === '/repos/bob/model').length, looks);
  stop.abort();
});

test('an uninstalled repository is not watched any more, but a failed listing changes nothing', async () => {
  const stop = new AbortController();
  const installations: Record<number, Names | null> = { 1: { 10: 'ann/a' }, 2: { 20: 'bob/b' } };
  const { probot, told, lookAt } = github(installations);
  const both = Promise.all([lookAt('ann/a'), lookAt('bob/b')]);
  const { discover } = work(probot, stop.signal);
  await both;
  installations[1] = null;
  installations[2] = {};
  await discover();
  assert.deepEqual(told('no longer installed'), ['bob/b']);
  installations[1] = { 10: 'ann/a' };
  await discover();
  assert.deepEqual(told('watching').sort(), ['ann/a', 'bob/b']);
  stop.abort();
});

test('with a clock that is hours off, comments are still looked for in GitHub’s time', async () => {
  for (const hours of [-50, 50]) {
    const stop = new AbortController();
    const { probot, since } = github({ 2: { 20: 'bob/model' } }, false);
    const { nudge } = work(probot, stop.signal, () => new Date(Date.now() + hours * 3_600_000));
    const place = { id: 20, repository: { owner: 'bob', name: 'model' }, installation: 2 };
    for (let i = 0; i < 200 && since.length < 2; i++) {
      await sleep(20);
      nudge(place);
    }
    stop.abort();
    const ago = since.map(time => (Date.now() - Date.parse(time)) / 3_600_000);
    assert.ok(Math.abs((ago[0] ?? 0) - 24) < 0.1, `the last day: ${ago[0]} h`);
    assert.ok((ago[1] ?? 24) > 0 && (ago[1] ?? 24) < 0.5, `the last minutes: ${ago[1]} h`);
  }
});

test('an installation is watched while another one is still being listed', async () => {
  const stop = new AbortController();
  const { probot, lookAt } = github({ 1: 'slow', 2: { 20: 'bob/b' } });
  const looked = lookAt('bob/b');
  work(probot, stop.signal);
  await looked;
  stop.abort();
});

test('webhooks of an unknown repository are ignored until the next discovery', async () => {
  const stop = new AbortController();
  const installations: Record<number, Names> = { 2: { 20: 'bob/b' } };
  const { probot, paths, told, lookAt } = github(installations);
  const looked = lookAt('bob/b');
  const { nudge, discover } = work(probot, stop.signal);
  await looked;
  installations[2] = { 20: 'bob/b', 21: 'bob/new' };
  for (let id = 21; id < 221; id++)
    nudge({ id, repository: { owner: 'bob', name: id === 21 ? 'new' : `r${id}` }, installation: 2 });
  await new Promise(resolve => setTimeout(resolve, 50));
  assert.deepEqual(told('watching'), ['bob/b']);
  assert.deepEqual(told('cannot watch the repository; retrying later'), []);
  assert.ok(!paths.includes('/repos/bob/new'));
  await discover();
  assert.deepEqual(told('watching'), ['bob/b', 'bob/new']);
  stop.abort();
});

test('however many webhooks ask for a discovery, one runs and one more follows', async () => {
  const stop = new AbortController();
  const { probot, paths, lookAt } = github({ 2: { 20: 'bob/b' } });
  const looked = lookAt('bob/b');
  const { discoverSoon } = work(probot, stop.signal);
  await looked;
  for (let i = 0; i < 100; i++) discoverSoon();
  await new Promise(resolve => setTimeout(resolve, 100));
  assert.equal(paths.filter(path => path === '/app/installations').length, 2);
  stop.abort();
});

test('invalid poll seconds are refused', () => {
  for (const text of ['0.001', '0', '86401', 'often'])
    assert.throws(
      () => settingsFrom({ AUTORESEARCH_POLL_SECONDS: text }),
      /expected a number of seconds from 1 to 86400/,
    );
});
