import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectResult } from './result-file.ts';

/** What the file contains at `key`. */
function read(text: string | Buffer, key = 'latency.p99') {
  const file = collectResult('result.json', key);
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += 4096) file.take(bytes.subarray(at, at + 4096));
  return file.read();
}

test('the score is at a dotted key, and the other numbers are reported', () => {
  const found = read('{"latency": {"p50": 1.5, "p99": 12.25}, "requests": 900, "name": "x", "worst": 1e999}');
  assert.deepEqual(found, {
    value: 12.25,
    text: '12.25',
    missing: '',
    reported: { 'latency.p50': 1.5, requests: 900 },
  });
  assert.equal(read('{"runs": [{"score": 1}, {"score": 2}]}', 'runs.1.score').value, 2);
});

test('a missing key is reported with the keys that exist', () => {
  const cases: [string, RegExp][] = [
    ['', /^exited without writing result\.json below \$TMPDIR/],
    ['{"latency": {"p50": 1, "p95": 2}}', /expected p99 in latency, found p50, p95$/],
    ['{"latency": 3}', /expected p99 in latency, found 3$/],
    ['[]', /expected latency in result\.json, found a list$/],
    [
      '{"latency": {"p99": "12 ms"}}',
      /^wrote no number to result\.json: expected one at latency\.p99, found "12 ms"$/,
    ],
    ['{"latency": {"p99": null}}', /found null$/],
    ['latency', /^wrote invalid JSON to result\.json: /],
    ['{"latency": {"p99": 1}', /^wrote invalid JSON to result\.json: /],
  ];
  for (const [text, message] of cases) {
    const found = read(text);
    assert.equal(found.value, null);
    assert.match(found.missing, message);
  }
});

test('inherited names are not keys', () => {
  for (const key of ['constructor.name', '__proto__.x', 'latency.length'])
    assert.equal(read('{}', key).value, null);
});

test('neither huge files nor deep nesting are a problem', () => {
  assert.match(read(`"${'a'.repeat(3 * 2 ** 20)}"`).missing, /^wrote more than 1048576 bytes/);
  const deep = 500_000;
  assert.match(read(`${'['.repeat(deep)}${']'.repeat(deep)}`).missing, /expected latency|wrote invalid JSON/);
  assert.ok(Object.keys(read(JSON.stringify(Array(10_000).fill(1))).reported).length <= 31);
});

test('JSON is read as programs write it', () => {
  const plain = '{"latency": {"p99": 12.5}}';
  const utf16 = Buffer.from(`\ufeff${plain}`, 'utf16le');
  const written: Record<string, string | Buffer> = {
    'a NaN elsewhere': '{"grad_norm": NaN, "latency": {"p99": 12.5, "worst": -Infinity}, "note": "NaN, nan"}',
    'a byte order mark': `\ufeff${plain}`,
    'UTF-16': utf16,
    'UTF-16, the other way round': Buffer.from(utf16).swap16(),
    'UTF-16 without a mark': Buffer.from(plain, 'utf16le'),
    'a number as a string': '{"latency": {"p99": "12.5"}}',
    'a tensor as a string': '{"latency": {"p99": "tensor(12.5)"}}',
    'a comma too many': '{"latency": {"p99": 12.5,\n}, }',
    'one value a line': `{"latency": {"p99": 13.5}}\n${plain}\n\n`,
    'one value a line, and a summary without the key': `{"latency": {"p99": NaN}}\n${plain}\n{"done": true}`,
    'a dot in the key': '{"latency.p99": 12.5}',
    'another encoding in a text': Buffer.from('{"latency": {"p99": 12.5}, "note": "caf\u00e9"}', 'latin1'),
  };
  for (const [what, text] of Object.entries(written)) assert.equal(read(text).value, 12.5, what);
  assert.deepEqual(read('{"latency": {"p99": NaN}}'), {
    value: Number.NaN,
    text: 'NaN',
    missing: '',
    reported: {},
  });
  assert.equal(read('{"latency": {"p99": -Infinity}}').value, Number.NEGATIVE_INFINITY);
  assert.equal(
    read('{"a, ]": 1, "latency": {"p99": "x,}"}}').missing,
    'wrote no number to result.json: expected one at latency.p99, found "x,}"',
  );
});
