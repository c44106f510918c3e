import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectResult } from './result-file.ts';

/** What the file says at `key`. */
function read(text: string, key = 'latency.p99') {
  const file = collectResult('result.json', key);
  for (let at = 0; at < text.length; at += 4096) file.take(Buffer.from(text.slice(at, at + 4096)));
  return file.read();
}

test('the number stands at a dotted key, and the others are shown', () => {
  const found = read('{"latency": {"p50": 1.5, "p99": 12.25}, "requests": 900, "name": "x", "worst": 1e999}');
  assert.deepEqual(found, { value: 12.25, missing: '', reported: { 'latency.p50': 1.5, requests: 900 } });
  assert.equal(read('{"runs": [{"score": 1}, {"score": 2}]}', 'runs.1.score').value, 2);
});

test('what is not there is told with what is', () => {
  const cases: [string, RegExp][] = [
    ['', /^ended without writing result\.json below \$TMPDIR/],
    ['{"latency": {"p50": 1, "p95": 2}}', /expected p99 in latency, found p50, p95$/],
    ['{"latency": 3}', /expected p99 in latency, found 3$/],
    ['[]', /expected latency in result\.json, found a list$/],
    ['{"latency": {"p99": "12 ms"}}', /^expected a number at latency\.p99 of result\.json, found "12 ms"$/],
    ['{"latency": {"p99": null}}', /found null$/],
    ['{"latency": {"p99": NaN}}', /^wrote no JSON to result\.json: /],
  ];
  for (const [text, message] of cases) {
    const found = read(text);
    assert.equal(found.value, null);
    assert.match(found.missing, message);
  }
});

test('names that every object inherits are no keys', () => {
  for (const key of ['constructor.name', '__proto__.x', 'latency.length'])
    assert.equal(read('{}', key).value, null);
});

test('neither a flood of bytes nor a pit of brackets costs more than an answer', () => {
  assert.match(read(`"${'a'.repeat(3 * 2 ** 20)}"`).missing, /^wrote more than 1048576 bytes/);
  const deep = 500_000;
  assert.match(read(`${'['.repeat(deep)}${']'.repeat(deep)}`).missing, /expected latency|wrote no JSON/);
  assert.ok(Object.keys(read(JSON.stringify(Array(10_000).fill(1))).reported).length <= 31);
});
