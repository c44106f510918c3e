import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Probot, Server } from 'probot';
import { APP_ID, keys, REPO, SECRET, scene } from './github.test-helper.ts';

test('an App made with Probot hears of a comment and answers it', async () => {
  const { ann, github } = await scene();
  const baseUrl = `${github.url}/api/v3`;
  const o = {
    appId: APP_ID,
    privateKey: keys.privateKey,
    secret: SECRET,
    baseUrl,
    logLevel: 'fatal',
  } as const;
  const server = new Server({ Probot: Probot.defaults(o), port: 0, host: '127.0.0.1', webhookPath: '/hook' });
  const answered = new Promise<string>((resolve, reject) => {
    server
      .load(app => {
        app.on('issue_comment.created', async context => {
          if (context.isBot) return;
          const body = `Hello ${context.payload.comment.user?.login}.`;
          const { data } = await context.octokit.rest.issues.createComment(context.issue({ body }));
          resolve(data.user?.login ?? '');
        });
        app.onError(reject);
      })
      .catch(reject);
  });
  const http = await server.start();
  after(() => server.stop());
  const address = http.address();
  assert.ok(address && typeof address === 'object');
  github.setWebhookUrl(`http://127.0.0.1:${address.port}/hook`);
  await ann.rest.issues.create({ ...REPO, title: 'One' });
  await ann.rest.issues.createComment({ ...REPO, issue_number: 1, body: 'Hello?' });
  assert.equal(await answered, 'research[bot]');
  const comments = (await ann.rest.issues.listComments({ ...REPO, issue_number: 1 })).data;
  assert.deepEqual(
    comments.map(one => one.body),
    ['Hello?', 'Hello ann.'],
  );
});
