import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { contractProblemsAnswer, refusalAnswer } from '../render/answer.ts';
import { fitBody, fitCheck, fitTitle } from './bounds.ts';
import { readMarker, writeMarker } from './marker.ts';

test('an answer about four hundred unknown keys fits, says that it was cut, and keeps its marker', () => {
  const problems = Array.from({ length: 400 }, (_, i) => ({
    line: i,
    key: `key-${i}`,
    expected: 'one of the keys '.repeat(20),
    found: 'something',
  }));
  const answer = `${refusalAnswer([contractProblemsAnswer(problems)])}\n\n${writeMarker('reply', { comment: 7 })}`;
  assert.ok(answer.length > 65_536);
  const body = fitBody(answer);
  assert.ok(body.length <= 65_536 && body.length > 60_000, String(body.length));
  assert.match(body, /longer than GitHub allows\.\*\n\n<!-- autoresearch:reply/);
  assert.deepEqual(readMarker('reply', body, z.object({ comment: z.int() })), { comment: 7 });
});

test('a code block that is cut ends before what follows it', () => {
  const body = fitBody(`Look:\n\n\`\`\`\`text\n${'line\n'.repeat(20_000)}\`\`\`\`\n\nThe end.`);
  assert.match(body, /line\n````\n\n\*The rest/);
});

test('one endless line is cut, too, and what fits is left alone', () => {
  assert.ok(fitBody('🔬'.repeat(40_000)).length <= 65_536);
  assert.ok(fitBody('🔬'.repeat(40_000)).isWellFormed());
  const short = 'x'.repeat(65_536);
  assert.equal(fitBody(short), short);
});

test('titles and the texts of check runs fit', () => {
  assert.equal(fitTitle('t'.repeat(300)).length, 256);
  assert.equal(fitTitle('short'), 'short');
  const text = `${'x\n'.repeat(40_000)}${writeMarker('trial', { a: 1 })}`;
  const check = fitCheck({ title: 't'.repeat(300), summary: 's'.repeat(70_000), text });
  assert.ok(check.title.length <= 256 && check.summary.length <= 65_535 && check.text.length <= 65_535);
  assert.match(check.text, /<!-- autoresearch:trial \{"a":1\} -->$/);
});
