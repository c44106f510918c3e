/**
 * Bundles the action into one file: runners install nothing.
 * `node scripts/bundle.mjs` writes dist/action.js; `--check` only says whether the committed file is up to date (exit code 1 if not).
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outfile = join(root, 'dist', 'action.js');

/** zod exports the messages of fifty languages by name, which no bundler can drop; the action speaks English. */
const englishOnly = {
  name: 'english-only',
  setup(bundler) {
    bundler.onResolve({ filter: /\/locales\/index\.js$/ }, args => ({
      path: join(args.resolveDir, dirname(args.path), 'en.js'),
    }));
  },
};

const { outputFiles } = await build({
  entryPoints: [join(root, 'src', 'action.ts')],
  // Paths in the output's comments are relative to this, so that every machine writes the same file.
  absWorkingDir: root,
  outfile,
  bundle: true,
  // The same comments whether node_modules lies here or is a link to another checkout's.
  preserveSymlinks: true,
  write: false,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'inline',
  charset: 'utf8',
  plugins: [englishOnly],
});
const fresh = outputFiles[0].text;
const name = relative(root, outfile);

if (process.argv.includes('--check')) {
  const committed = await readFile(outfile, 'utf8').catch(() => '');
  if (committed !== fresh) {
    console.error(`${name} is not what src/action.ts gives. Run \`npm run bundle\` and commit the file.`);
    process.exit(1);
  }
  console.log(`${name} is up to date.`);
} else {
  await mkdir(dirname(outfile), { recursive: true });
  await writeFile(outfile, fresh);
  console.log(`${name}: ${Math.round(fresh.length / 1024)} KiB`);
}
