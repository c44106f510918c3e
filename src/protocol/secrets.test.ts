import assert from 'node:assert/strict';
import { test } from 'node:test';
import { masked, maskedDeep, secretsIn, withoutSecrets } from './secrets.ts';

const PEM = '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAabcdefgh\n-----END RSA PRIVATE KEY-----';
const ENV = {
  PATH: '/usr/bin',
  HF_TOKEN: 'a-token-of-mine',
  OPENAI_API_KEY: 'a-key-of-mine',
  PRIVATE_KEY: PEM,
  WEBHOOK_SECRET: 'development',
  ACTIONS_RUNTIME_URL: 'https://pipelines.example/abc',
  DB_PASSWORD: 'x1',
  KEYBOARD: 'qwertyuiop',
};

test('the values of secret variables are masked, and no others', () => {
  const secrets = secretsIn(ENV);
  const text = masked(
    'a-token-of-mine/a-key-of-mine development qwertyuiop /usr/bin x1 https://pipelines.example/abc',
    secrets,
  );
  assert.equal(text, '***/*** *** qwertyuiop /usr/bin x1 ***');
  assert.equal(masked('line MIIEowIBAAKCAQEAabcdefgh, cut', secrets), 'line ***, cut');
});

test('what looks like a secret is masked, whoever it belongs to', () => {
  for (const secret of [
    `ghp_${'a1'.repeat(18)}`,
    `ghs_${'0f'.repeat(20)}`,
    `github_pat_${'A_b'.repeat(20)}`,
    `sk-proj-${'aB3-'.repeat(10)}`,
    `hf_${'aB'.repeat(17)}`,
    PEM,
    PEM.slice(0, -10),
  ])
    assert.equal(masked(`x "${secret}" y`).replace(/"\*{3}[^ ]*/, '*'), 'x * y', secret);
  for (const honest of [
    'ghp_short',
    'sk-learn',
    'risk-adjusted-by-a-lot-of-parameters-x',
    'a'.repeat(5000),
    'ghost_in_the_shell',
  ])
    assert.equal(masked(honest), honest);
});

test('a value of JSON keeps its shape', () => {
  const value = { status: 'crash', message: "KeyError: 'a-key-of-mine'", at: [1, null, 'a-token-of-mine'] };
  assert.deepEqual(maskedDeep(value, secretsIn(ENV)), {
    status: 'crash',
    message: "KeyError: '***'",
    at: [1, null, '***'],
  });
});

test('an environment without its secrets still has everything else', () => {
  assert.deepEqual(withoutSecrets(ENV), { PATH: '/usr/bin', KEYBOARD: 'qwertyuiop' });
});
