import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repositoryName } from './repository-name.ts';

test('a folder gets the name that GitHub would give its repository', () => {
  const names = {
    nanoGPT: 'nanoGPT',
    'my_repo-1.2': 'my_repo-1.2',
    'my project': 'my-project',
    Prüfstand: 'Pr-fstand',
    'it\'s (a) "test" & more': 'it-s-a-test-more',
    'a%20b#c?d': 'a-20b-c-d',
    'model.git': 'model',
    'model.wiki': 'model',
    実験: '-',
    '...': 'repository',
    '': 'repository',
  };
  for (const [folder, name] of Object.entries(names)) {
    const found = repositoryName(folder);
    assert.equal(found, name === '-' ? 'repository' : name, folder);
    assert.match(found, /^[\w.-]+$/);
  }
  assert.equal(repositoryName('x'.repeat(200)).length, 100);
});
