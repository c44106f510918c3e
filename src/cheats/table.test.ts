import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AUDIT_CHEATS } from './audit-cheats.test-helper.ts';
import { SCORE_CHEATS } from './score-cheats.test-helper.ts';
import { TRIAL_CHEATS } from './trial-cheats.test-helper.ts';

const PAGE = new URL('../../docs/cheats.md', import.meta.url);
const VERDICTS: Partial<Record<string, string>> = {
  flagged: 'closed, and waits for a person',
  close: 'closed',
};

test('docs/cheats.md names every cheat with its end and what stops it, and no other', () => {
  const [, table = ''] = /^\| cheat .*\n\|---.*\n((?:\|.*\n)+)/m.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const all = [...SCORE_CHEATS, ...AUDIT_CHEATS, ...TRIAL_CHEATS];
  const rows = all.map(
    ({ title, verdict, stoppedBy }) => `| ${title} | ${VERDICTS[verdict] ?? verdict} | ${stoppedBy} |\n`,
  );
  assert.equal(table, rows.join(''));
  assert.equal(new Set(all.map(({ title }) => title)).size, all.length);
});
