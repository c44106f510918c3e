#!/usr/bin/env node
/**
 * Which room of the source may import which: prints the rooms floor by floor with their imports, and exits with 1 where an
 * import goes up, files import each other in a circle, or the runner's bundle holds state of campaigns.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What each room may import, itself aside. A file belongs to the longest name that its path begins with. */
const SHARED = ['src/protocol', 'src/gate', 'src/text'];
const CAMPAIGN = ['src/campaign', 'src/campaign/evidence', 'src/campaign/plan'];
const APP = [...SHARED, ...CAMPAIGN, 'src/render', 'src/agents'];
const GITHUB = ['src/github', 'src/github/observe', 'src/github/act'];
const MAY_IMPORT = {
  'src/protocol': [],
  'src/gate': [],
  'src/text': [],
  'src/campaign': SHARED,
  'src/campaign/evidence': [...SHARED, 'src/campaign'],
  'src/campaign/plan': [...SHARED, 'src/campaign', 'src/campaign/evidence'],
  'src/render': [...SHARED, ...CAMPAIGN],
  'src/agents': [...SHARED, ...CAMPAIGN],
  'src/starter': ['src/protocol'],
  'src/trial': ['src/protocol', 'src/text', 'src/render'],
  'src/action.ts': ['src/protocol', 'src/trial'],
  'src/github': APP,
  'src/github/client': ['src/protocol', 'src/github'],
  'src/github/observe': [...APP, 'src/github'],
  'src/github/act': [...APP, 'src/github'],
  'src/controller': [...APP, ...GITHUB],
  'src/app': [...APP, ...GITHUB, 'src/github/client', 'src/controller', 'src/starter'],
  'src/index.ts': ['src/app', 'src/starter'],
  'src/local': [...APP, 'src/github', 'src/trial', 'src/starter', 'src/app', 'src/index.ts'],
  'src/cli': [
    ...APP,
    'src/github',
    'src/github/client',
    'src/trial',
    'src/starter',
    'src/local',
    'src/app',
    'src/index.ts',
  ],
  'src/cli.ts': ['src/cli', 'src/starter'],
  'src/sim': [...APP, ...GITHUB, 'src/controller'],
};
/** These import what they watch. */
const IS_TEST = /\.test(-helper|-runner)?\.ts$|^src\/(stories|scenarios|cheats)\//;
const BUNDLED = 'src/action.ts';
const NOT_BUNDLED = /^src\/(campaign|github|agents)\//;

process.chdir(path.resolve(import.meta.dirname, '..'));
const files = new Map(
  globSync('src/**/*.ts')
    .sort()
    .map(file => [file, importsOf(file)]),
);
const product = new Map([...files].filter(([file]) => !IS_TEST.test(file)));
const arrows = arrowsBetweenRooms(product);
for (const floor of floorsOf(arrows)) console.log(floor.map(room => describe(room, arrows)).join('\n'));

const problems = [
  ...wrongArrows(arrows),
  ...circles(product),
  ...importedTests(product),
  ...wronglyBundled(product),
];
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? '\nEvery import goes down.' : `\n${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Files of ours that a file imports; `types`: nothing but types, which are gone when it runs. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^;']*\sfrom\s+)?'(\.[^']+)'/gm);
  const calls = text.matchAll(/\bimport()\('(\.[^']+)'\)/g);
  return [...statements, ...calls].map(([, type, target]) => ({
    file: path.posix.join(path.posix.dirname(file), target),
    types: type?.startsWith('type') ?? false,
  }));
}

function roomOf(file) {
  const rooms = Object.keys(MAY_IMPORT).filter(room => file === room || file.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? file;
}

/** Room to room to the imports between them, as `from imports to`. */
function arrowsBetweenRooms(graph) {
  const found = new Map(Object.keys(MAY_IMPORT).map(room => [room, new Map()]));
  for (const [file, imports] of graph) {
    const from = roomOf(file);
    if (!found.has(from)) found.set(from, new Map());
    for (const { file: target } of imports) {
      const to = roomOf(target);
      if (from === to) continue;
      found.get(from).set(to, [...(found.get(from).get(to) ?? []), `${file} imports ${target}`]);
    }
  }
  return found;
}

/** Rooms from the lowest up: each stands one floor above the highest that it imports. */
function floorsOf(found) {
  const floor = new Map();
  const levelOf = (room, above = []) => {
    if (above.includes(room)) return 0;
    if (!floor.has(room)) {
      const below = [...(found.get(room)?.keys() ?? [])].map(to => levelOf(to, [...above, room]));
      floor.set(room, 1 + Math.max(-1, ...below));
    }
    return floor.get(room);
  };
  const floors = Map.groupBy(found.keys(), room => levelOf(room));
  return [...floors]
    .sort(([a], [b]) => a - b)
    .map(([number, rooms]) => rooms.map(room => ({ room, number })));
}

function describe({ room, number }, found) {
  const below = [...found.get(room)].map(([to, imports]) => `${to.replace('src/', '')} ×${imports.length}`);
  return `${String(number).padStart(2)}  ${room.padEnd(22)} ${below.length > 0 ? `→ ${below.join(', ')}` : ''}`.trimEnd();
}

function wrongArrows(found) {
  return [...found].flatMap(([from, targets]) =>
    [...targets].flatMap(([to, imports]) => {
      if (MAY_IMPORT[from]?.includes(to)) return [];
      const rule = MAY_IMPORT[from]
        ? `${from} may import ${MAY_IMPORT[from].join(', ') || 'nothing of ours'}`
        : `${from} is no room of scripts/floors.mjs`;
      return imports.map(one => `${one}: ${rule}, found ${to}`);
    }),
  );
}

/** Strongly connected components (Tarjan 1972) of more than one file. */
function circles(graph) {
  const seen = new Map();
  const stack = [];
  const found = [];
  const visit = file => {
    const mine = { index: seen.size, low: seen.size, open: true };
    seen.set(file, mine);
    stack.push(file);
    for (const { file: next } of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!seen.has(next)) visit(next);
      if (seen.get(next).open) mine.low = Math.min(mine.low, seen.get(next).low);
    }
    if (mine.low !== mine.index) return;
    const circle = stack.splice(stack.indexOf(file));
    for (const member of circle) seen.get(member).open = false;
    if (circle.length > 1) found.push(`Expected no circle of imports, found ${circle.join(' → ')}`);
  };
  for (const file of graph.keys()) if (!seen.has(file)) visit(file);
  return found;
}

function importedTests(graph) {
  return [...graph].flatMap(([file, imports]) =>
    imports
      .filter(({ file: target }) => IS_TEST.test(target))
      .map(({ file: target }) => `${file} imports ${target}: expected only tests to import tests`),
  );
}

/** What the action's bundle holds beyond what a runner needs. */
function wronglyBundled(graph) {
  const reached = new Set([BUNDLED]);
  for (const file of reached)
    for (const { file: next, types } of graph.get(file) ?? []) if (!types) reached.add(next);
  return [...reached]
    .filter(file => NOT_BUNDLED.test(file))
    .map(file => `Expected ${BUNDLED} to reach only what a runner needs, found ${file}`);
}
