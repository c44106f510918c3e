import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from './repository.ts';

test('a folder of any name becomes a repository whose name fits into addresses', () => {
  const names = {
    'my-model.v2_x': 'my-model.v2_x',
    'kleines Übung\'s "repo"': 'kleines-bung-s-repo-',
    'a/b\n?#%': 'a-b-',
    模型: 'repository',
    '..': 'repository',
    '': 'repository',
    ['x'.repeat(300)]: 'x'.repeat(100),
  };
  for (const [name, expected] of Object.entries(names)) assert.equal(slug(name), expected);
});
