import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectResult } from './result-file.ts';

/** What the file contains at `key`. */
function read(text: string, key = 'latency.p99') {
  const file = collectResult('result.json', key);
  for (let at = 0; at < text.length; at += 4096) file.take(Buffer.from(text.slice(at, at + 4096)));
  return file.read();
}

test('the score is at a dotted key, and the other numbers are reported', () => {
  const found = read('{"latency": {"p50": 1.5, "p99": 12.25}, "requests": 900, "name": "x", "worst": 1e999}');
  assert.deepEqual(found, { value: 12.25, missing: '', reported: { 'latency.p50': 1.5, requests: 900 } });
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
    ['{"latency": {"p99": NaN}}', /^wrote invalid JSON to result\.json: /],
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
