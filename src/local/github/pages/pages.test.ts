import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import type { Octokit } from '@octokit/rest';
import { branchWith, pullFrom, REPO, type Scene, scene } from '../github.test-helper.ts';
import { crawl } from './crawl.test-helper.ts';

const HOSTILE = '<img src=x onerror=alert(1)>"\'&';
const never = new AbortController().signal;

/** A page as a browser on this machine gets it. */
async function open({ github }: Scene, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(path, github.url), { headers });
  return {
    status: response.status,
    headers: response.headers,
    url: response.url,
    body: await response.text(),
  };
}

const dispatch = (client: Octokit, trial: string) =>
  client.rest.actions.createWorkflowDispatch({
    ...REPO,
    workflow_id: 'experiment.yml',
    ref: 'main',
    inputs: { trial },
  });

test('every link that a person can follow from an issue leads somewhere', async () => {
  const s = await scene({ pages: true });
  const { ann, bot, main, github } = s;
  const here = `${github.url}/ann/gpt`;
  await branchWith(bot, 'research-log', main, { 'progress.svg': '<svg/>', 'results.tsv': 'commit\n' });
  const body = [
    '| experiment | |\n| - | - |\n| #2 | better, see #1 and not #77 |',
    `![Every experiment so far](${here}/raw/research-log/progress.svg)`,
    `[results](${here}/raw/research-log/results.tsv) [page](${here}/blob/research-log/results.tsv)`,
    `The log of [the run of that name](${here}/actions) shows its progress.`,
    `[create it here](${here}/new/main?filename=a%20b.yml&value=editable%3A%20%5B%22x%22%5D%0A)`,
    '[elsewhere](http://elsewhere.example/x)',
  ].join('\n\n');
  await ann.rest.issues.create({ ...REPO, title: 'Lower', body });
  await bot.rest.issues.createComment({ ...REPO, issue_number: 1, body });
  const sha = await branchWith(bot, 'research/1/2', main, { 'docs/a b.md': 'See [this](c.md).\n' });
  await pullFrom(bot, 'research/1/2');
  await dispatch(bot, '1/1.1');
  const job = await github.jobs.take({ name: 'box', labels: ['gpu'] }, never);
  github.jobs.log(job.jobId, 'step 1\n');
  github.jobs.upload(job.runId, 'measurement', new Map([['a', Buffer.from('b')]]));
  github.jobs.complete(job.jobId, 'success');
  const details_url = `${here}/actions/runs/${job.runId}`;
  const output = { title: '0.97', summary: body, text: body };
  const check = { ...REPO, name: 'trial 1/1.1', head_sha: sha, conclusion: 'success' as const };
  await bot.rest.checks.create({ ...check, details_url, output });
  const visited = await crawl(github.url, '/ann/gpt/issues/1');
  const lost = [...visited].filter(([, { status }]) => status !== 200).map(([path]) => path);
  assert.deepEqual(lost, []);
  const kinds = [...visited.keys()].map(path => path.replace(/\?.*/, '').replace(/\d+/g, 'N'));
  assert.deepEqual([...new Set(kinds)].sort(), [
    '/',
    '/_pages/style.css',
    '/ann/gpt/actions',
    '/ann/gpt/actions/runs/N',
    '/ann/gpt/actions/runs/N/artifacts/N',
    '/ann/gpt/actions/runs/N/job/N/log.txt',
    '/ann/gpt/blob/research-log/results.tsv',
    '/ann/gpt/issues',
    '/ann/gpt/issues/N',
    '/ann/gpt/issues/N/comment',
    '/ann/gpt/new/main',
    '/ann/gpt/pull/N',
    '/ann/gpt/pulls',
    '/ann/gpt/raw/research-log/progress.svg',
    '/ann/gpt/raw/research-log/results.tsv',
    '/ann/gpt/runs/N',
  ]);
  const newFile = [...visited].find(([path]) => path.includes('/new/'))?.[1].body ?? '';
  assert.match(newFile, /<code>a b\.yml<\/code>.*editable: \[&quot;x&quot;\]/s);
});

test('a page says what may run on it, and a repository’s address leads to its issues', async () => {
  const s = await scene({ pages: true });
  const { url, headers } = await open(s, '/ann/gpt');
  assert.match(url, /\/ann\/gpt\/issues$/);
  assert.match(headers.get('content-type') ?? '', /^text\/html/);
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; style-src 'self'; img-src 'self'/);
});

test('there are no pages unless the server was told so, and none under a name that is not of this machine', async () => {
  const closed = await scene();
  assert.equal((await open(closed, '/')).status, 404);
  const s = await scene({ pages: true });
  const { port } = new URL(s.github.url);
  const as = async (host: string) => {
    return new Promise<number>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path: '/', headers: { host } }, answer => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      asked.on('error', reject).end();
    });
  };
  for (const host of ['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST'])
    assert.equal(await as(`${host}:${port}`), 200, host);
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example']) {
    assert.equal(await as(`${host}:${port}`), 404, host);
  }
});

test('what strangers and models write is shown, never obeyed', async () => {
  const s = await scene({ pages: true });
  const { ann, bot, main } = s;
  await ann.rest.issues.create({ ...REPO, title: HOSTILE, body: HOSTILE, labels: [HOSTILE.slice(0, 50)] });
  const files = { [`${HOSTILE.replaceAll('/', '')}.md`]: HOSTILE, 'a.py': HOSTILE, 'b.md': HOSTILE };
  const sha = await branchWith(bot, 'a"b&c', main, files, `${HOSTILE}\n\n${HOSTILE}`);
  await pullFrom(bot, 'a"b&c', HOSTILE);
  const output = { title: HOSTILE, summary: HOSTILE, text: HOSTILE };
  const details_url = 'javascript:alert(1)';
  const check = {
    ...REPO,
    name: HOSTILE,
    head_sha: sha,
    details_url,
    output,
    conclusion: 'success' as const,
  };
  const { id } = (await bot.rest.checks.create(check)).data;
  await dispatch(bot, HOSTILE);
  const job = await s.github.jobs.take({ name: HOSTILE, labels: ['gpu'] }, never);
  s.github.jobs.log(job.jobId, `${HOSTILE}\n##[error]${HOSTILE}\n`);
  s.github.jobs.steps(job.jobId, [{ name: HOSTILE, status: 'in_progress', conclusion: null }]);
  s.github.jobs.upload(job.runId, HOSTILE, new Map([['a', Buffer.from('b')]]));
  const hostile = encodeURIComponent(HOSTILE);
  for (const path of [
    ...['', '/issues', '/issues/1', '/pulls', '/pull/2', `/runs/${id}`, '/actions'],
    ...[`/actions/runs/${job.runId}`, `/new/${hostile}?filename=${hostile}&value=${hostile}`, `/${hostile}`],
  ]) {
    const { body } = await open(s, `/ann/gpt${path}`);
    assert.match(body, /<main>/, path);
    assert.doesNotMatch(body, /<img|<script|href="java|=""b|"'&"/, path);
    const tags = body.match(/<[a-z][^<>]*>/g) ?? [];
    for (const tag of tags) assert.doesNotMatch(tag, /\son\w+=|\sstyle=/, path);
  }
});

test('a pull request tells its state, what was measured and what it changes', async () => {
  const s = await scene({ pages: true });
  const { bot, main } = s;
  const sha = await branchWith(bot, 'a', main, { 'train.py': 'depth = 9\nwidth = 512\n' });
  const { number } = await pullFrom(bot, 'a', 'Deeper');
  const output = { title: 'val_bpb 0.9697', summary: '300 s of training' };
  await bot.rest.checks.create({
    ...REPO,
    name: 'trial 1/1.1',
    head_sha: sha,
    conclusion: 'success',
    output,
  });
  await bot.rest.issues.createComment({
    ...REPO,
    issue_number: number,
    body: 'Merge of #1: <!-- bot:x {} -->good.',
  });
  const before = (await open(s, `/ann/gpt/pull/${number}`)).body;
  assert.match(before, /class="badge open">Open/);
  assert.match(
    before,
    /trial 1\/1\.1<\/a>\s*<span>val_bpb 0\.9697<\/span>\s*<span class="quiet">300 s of training/,
  );
  assert.match(before, /class="del"><td>1<\/td><td><\/td><td>depth = 8<\/td>/);
  assert.match(before, /class="add"><td><\/td><td>1<\/td><td>depth = 9<\/td>/);
  assert.match(before, /<b>research<\/b> <span class="badge">bot<\/span>/);
  assert.doesNotMatch(before, /bot:x/);
  await bot.rest.pulls.merge({ ...REPO, pull_number: number, merge_method: 'squash' });
  const { body, url } = await open(s, `/ann/gpt/issues/${number}`);
  assert.match(url, /\/pull\/1$/);
  assert.match(body, /class="badge merged">Merged/);
  assert.match(body, /depth = 9/);
  assert.match((await open(s, '/ann/gpt/pulls')).body, /Merged<\/span> <a href="\/ann\/gpt\/pull\/1">Deeper/);
});

test('a run shows the pull request whose commit it measures', async () => {
  const s = await scene({ pages: true });
  const candidate = await branchWith(s.bot, 'research/1/1', s.main, { 'train.py': 'depth = 9\n' });
  const pull = await pullFrom(s.bot, 'research/1/1');
  const inputs = { trial: candidate };
  await s.bot.rest.actions.createWorkflowDispatch({
    ...REPO,
    workflow_id: 'experiment.yml',
    ref: 'main',
    inputs,
  });
  const job = await s.github.jobs.take({ name: 'box', labels: ['gpu'] }, never);
  const { body } = await open(s, `/ann/gpt/actions/runs/${job.runId}`);
  assert.match(body, new RegExp(`<a href="/ann/gpt/pull/${pull.number}">.* #${pull.number}</a>`));
});

test('a log is followed while its job runs', async () => {
  const s = await scene({ pages: true });
  await dispatch(s.bot, '1/1.1');
  const job = await s.github.jobs.take({ name: 'box', labels: ['gpu'] }, never);
  const path = `/ann/gpt/actions/runs/${job.runId}`;
  s.github.jobs.log(job.jobId, '##[group]Measure\nstep 1\n##[endgroup]\n');
  const running = (await open(s, path)).body;
  assert.match(running, /http-equiv="refresh"/);
  assert.match(running, /<span class="group">Measure<\/span>\nstep 1\n<\/pre>/);
  s.github.jobs.complete(job.jobId, 'success');
  assert.doesNotMatch((await open(s, path)).body, /http-equiv="refresh"/);
  const raw = await open(s, `${path}/job/${job.jobId}/log.txt`);
  assert.match(raw.headers.get('content-type') ?? '', /^text\/plain/);
  assert.match(raw.body, /^##\[group\]Measure\nstep 1\n/);
});

test('pictures are shown; every other file is text, and no file can act', async () => {
  const s = await scene({ pages: true });
  const files = {
    'progress.svg': '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    'a.html': '<script></script>',
  };
  await branchWith(s.bot, 'research-log', s.main, files);
  for (const [name, type] of [
    ['progress.svg', 'image/svg+xml'],
    ['a.html', 'text/plain; charset=utf-8'],
  ] as const) {
    const { headers } = await open(s, `/ann/gpt/raw/research-log/${name}`);
    assert.equal(headers.get('content-type'), type);
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none';.* sandbox$/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  }
  for (const path of [
    'research-log/none',
    'research-log/.github',
    'research-log/..%2f..%2fetc',
    'research-log/a%0a',
    'main:README.md/a',
    'main~0/README.md',
  ])
    assert.equal((await open(s, `/ann/gpt/raw/${path}`)).status, 404, path);
});

test('a comment is written on a page of its own, by the first person, and only from there', async () => {
  const s = await scene({ pages: true });
  const { ann, github } = s;
  await ann.rest.issues.create({ ...REPO, title: 'Lower', body: 'x' });
  const { body, headers } = await open(s, '/ann/gpt/issues/1/comment');
  assert.match(headers.get('content-security-policy') ?? '', /form-action 'self'/);
  assert.doesNotMatch(body, /http-equiv="refresh"/);
  const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(body) ?? [];
  const post = (path: string, text: string) =>
    fetch(new URL(path, github.url), {
      method: 'POST',
      body: new URLSearchParams({ body: text }),
      redirect: 'manual',
    });
  const answer = await post(action, '/research 3\r\nmore');
  assert.equal(answer.status, 303);
  assert.match(answer.headers.get('location') ?? '', /^\/ann\/gpt\/issues\/1#issuecomment-\d+$/);
  const forged = await post(action.replace(/signature=../, 'signature=zz'), '/research 99');
  assert.equal(forged.status, 404, 'a form of another site');
  assert.equal((await post(action, '  \n')).headers.get('location'), '/ann/gpt/issues/1/comment');
  const { data } = await ann.rest.issues.listComments({ ...REPO, issue_number: 1 });
  assert.deepEqual(
    data.map(one => [one.user?.login, one.body]),
    [['ann', '/research 3\nmore']],
  );
  assert.match((await open(s, '/ann/gpt/issues/1')).body, /href="\/ann\/gpt\/issues\/1\/comment"/);
});
