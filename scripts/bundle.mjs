/**
 * Bundles the action, and the thread that watches a trial, into one file each: runners install nothing.
 * `node scripts/bundle.mjs` writes them to dist/; `--check` only says whether the committed files are up to date (exit code 1 if not).
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(root, 'dist');
const ENTRIES = ['src/action.ts', 'src/trial/watch-worker.ts'];

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
  entryPoints: ENTRIES.map(entry => join(root, entry)),
  entryNames: '[name]',
  // Paths in the output's comments are relative to this, so that every machine writes the same file.
  absWorkingDir: root,
  outdir,
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
const isCheck = process.argv.includes('--check');
if (!isCheck) await mkdir(outdir, { recursive: true });
for (const { path, text } of outputFiles) {
  const name = relative(root, path);
  if (!isCheck) {
    await writeFile(path, text);
    console.log(`${name}: ${Math.round(text.length / 1024)} KiB`);
  } else if ((await readFile(path, 'utf8').catch(() => '')) === text) {
    console.log(`${name} is up to date.`);
  } else {
    console.error(`${name} is not what the sources give. Run \`npm run bundle\` and commit the file.`);
    process.exitCode = 1;
  }
}
