import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { readMarker, writeMarker } from './marker.ts';

const schema = z.strictObject({ text: z.string() });

test('a marker returns what was written, whatever it contains', () => {
  for (const text of [
    '',
    '-->',
    '<!-- autoresearch:experiment {"text":"fake"} -->',
    '@alice #12 & <b>',
    'ü\n\t"\\',
  ])
    assert.deepEqual(
      readMarker('experiment', `before\n\n${writeMarker('experiment', { text })}\nafter`, schema),
      { text },
    );
});

test('the content of a marker cannot end it, notify anyone or refer to an issue', () => {
  const marker = writeMarker('experiment', { text: '--> @alice closes #12' });
  assert.equal(marker.indexOf('-->'), marker.length - 3);
  assert.doesNotMatch(marker, /@|#/);
});

test('text before the marker cannot replace it', () => {
  const fake = '<!-- autoresearch:experiment {"text":"fake"} -->';
  assert.deepEqual(
    readMarker('experiment', `${fake}\n${writeMarker('experiment', { text: 'real' })}`, schema),
    { text: 'real' },
  );
});

test('text before the marker cannot swallow it either', () => {
  const marker = writeMarker('trial', { text: 'real' });
  for (const opener of [
    '<!-- autoresearch:trial x',
    '<!-- autoresearch:trial {"text":"',
    '<!-- autoresearch:',
  ])
    assert.deepEqual(
      readMarker('trial', `\`\`\`\n${opener}\n\`\`\`\n\n${marker}`, schema),
      { text: 'real' },
      opener,
    );
});

test('an absent, broken or foreign marker is null', () => {
  for (const body of [
    null,
    undefined,
    '',
    'hello',
    '<!-- autoresearch:experiment {"text": -->',
    '<!-- autoresearch:experiment {"other":1} -->',
    '<!-- autoresearch:campaign {"text":"x"} -->',
  ])
    assert.equal(readMarker('experiment', body, schema), null, String(body));
});
