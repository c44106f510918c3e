/**
 * Runs one bench: `npm run bench -- NAME [options]`. A bench is a file `bench/NAME.ts` whose first line is
 * `// Bench: what it measures`; whatever else lies there is a helper. Without a known name, lists what there is.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const [wanted, ...options] = process.argv.slice(2);
const benches = findBenches();
const chosen = benches.find(({ name }) => name === wanted);

if (chosen) {
  const { status, signal, error } = spawnSync(process.execPath, [chosen.file, ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error) throw error;
  if (signal) console.error(`bench ${chosen.name} was ended by ${signal}`);
  process.exitCode = status ?? 1;
} else {
  const asked = wanted === undefined || ['help', '--help', '-h'].includes(wanted);
  if (!asked) console.error(`expected the name of a bench, found "${wanted}"\n`);
  const width = Math.max(0, ...benches.map(({ name }) => name.length));
  console.log('npm run bench -- NAME [options]    (--help lists the options of gate and trainer)\n');
  for (const { name, about } of benches) console.log(`  ${name.padEnd(width)}  ${about}`);
  process.exitCode = asked && wanted !== undefined ? 0 : 1;
}

/** Every bench with its name, its file and what its first line says about it. */
function findBenches() {
  return globSync('bench/*.ts', { cwd: root })
    .sort()
    .flatMap(file => {
      const about = /^\/\/ Bench: (.+)/.exec(readFileSync(path.join(root, file), 'utf8'))?.[1];
      return about === undefined ? [] : [{ name: path.basename(file, '.ts'), file, about }];
    });
}
