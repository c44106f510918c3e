import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { COMMANDS, FLAGS } from './campaign/command.ts';
import { contractSchema } from './protocol/contract.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const MOST_COLUMNS = 120;

const PAGES = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', 'trainer/*.md'], { cwd: ROOT }).sort();
const FILES = globSync('{src,trainer,bench,scripts,examples,docs,dist,.github}/**', { cwd: ROOT });

const read = (page: string) => readFileSync(path.join(ROOT, page), 'utf8');

/** A page's lines with their numbers, without blocks of code and tables. */
function proseOf(text: string): { number: number; line: string }[] {
  let isCode = false;
  return text.split('\n').flatMap((line, i) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) isCode = !isCode;
    return isCode || isFence || line.trimStart().startsWith('|') ? [] : [{ number: i + 1, line }];
  });
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): string[] {
  return proseOf(read(page)).flatMap(({ line }) => {
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading === undefined) return [];
    const kept = heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '');
    return [kept.replaceAll(' ', '-')];
  });
}

/** What is wrong with a link of a page; null where it leads somewhere, or out of the repository. */
function brokenLink(page: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [file = '', anchor] = target.split('#');
  const to = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(ROOT, to))) return `${page}: expected ${to} to exist`;
  if (anchor === undefined || anchorsOf(to).includes(anchor)) return null;
  return `${page}: expected a heading #${anchor} in ${to}`;
}

/** Whether a file or folder of that name exists: below the root, beside the page, or anywhere for a file's bare name. */
function exists(page: string, name: string): boolean {
  const places = [ROOT, path.join(ROOT, path.dirname(page))];
  return (
    places.some(place => existsSync(path.join(place, name))) ||
    (!name.includes('/') && FILES.some(file => path.basename(file) === name))
  );
}

test('every link in the documentation leads to a file and a heading that exist', () => {
  const broken = PAGES.flatMap(page =>
    [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => brokenLink(page, target)),
  );
  assert.ok(broken.length > 100, `found only ${broken.length} links`);
  assert.deepEqual(
    broken.filter(problem => problem !== null),
    [],
  );
});

test('every file that the documentation names exists', () => {
  const ours = /`((?:src|trainer|bench|scripts|docs|dist)\/[\w./-]*|[\w./-]+\.(?:ts|mjs|py))`/g;
  const named = PAGES.flatMap(page =>
    [...read(page).matchAll(ours)].map(([, name = '']) => ({ page, name })),
  );
  assert.ok(named.length > 50, `found only ${named.length} names`);
  assert.deepEqual(
    named.filter(({ page, name }) => !exists(page, name)),
    [],
  );
});

test('a line of prose in the documentation has at most 120 characters', () => {
  const long = PAGES.flatMap(page =>
    proseOf(read(page))
      // A line that is hardly more than a link or an image cannot be broken.
      .filter(({ line }) => [...line.replace(/\]\([^)]*\)/g, ']()')].length > MOST_COLUMNS)
      .map(({ number }) => `${page}:${number}`),
  );
  assert.deepEqual(long, []);
});

test('docs/commands.md has a row for every command and option', () => {
  const page = read('docs/commands.md');
  const missing = [
    ...COMMANDS.filter(({ usage }) => !page.includes(`| \`${usage}\` |`)).map(({ usage }) => usage),
    ...FLAGS.filter(({ name }) => !page.includes(`| \`${name} `)).map(({ name }) => name),
  ];
  assert.deepEqual(missing, []);
});

/** The names of an object's keys, with those of the objects in it: `gate.max_trials`. */
function keysOf(schema: z.core.JSONSchema.JSONSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const name = `${prefix}${key}`;
    const inside = typeof inner === 'object' && inner.properties ? keysOf(inner, `${name}.`) : [];
    return inside.length > 0 ? inside : [name];
  });
}

test('docs/contract.md explains every key of the contract', () => {
  const rows = read('docs/contract.md')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split('|')[1] ?? '');
  const keys = keysOf(z.toJSONSchema(contractSchema, { io: 'input', unrepresentable: 'any' }));
  assert.ok(keys.includes('gate.max_trials') && keys.includes('base'), keys.join(', '));
  assert.deepEqual(
    keys.filter(key => !rows.some(row => row.includes(`\`${key}\``))),
    [],
  );
});

test('every page and every decision is in an index', () => {
  const indexes = { docs: read('docs/README.md'), 'docs/decisions': read('docs/decisions/README.md') };
  const missing = Object.entries(indexes).flatMap(([folder, index]) =>
    PAGES.filter(page => path.dirname(page) === folder && path.basename(page) !== 'README.md').filter(
      page => !index.includes(`](${path.basename(page)})`),
    ),
  );
  assert.deepEqual(missing, []);
});

test('the README begins with what anybody needs: how to clone, see it work, and check it', () => {
  const [, block = ''] = /```sh\n(.*?)```/s.exec(read('README.md')) ?? [];
  for (const command of ['git clone', 'npm run demo', 'npm test']) assert.match(block, new RegExp(command));
});
