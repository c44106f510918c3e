import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { measurementSchema } from '../../protocol/measurement.ts';
import { DEFAULT_ACTION, workflowText } from '../../starter/templates.ts';
import { gitIn, temporaryDirectory } from '../../trial/fixture.test-helper.ts';
import { scene } from './scene.test-helper.ts';

const repositoryRoot = new URL('../../../', import.meta.url).pathname;
const WORKFLOW = '.github/workflows/experiment.yml';

/** The files of an example by path. */
function filesOf(example: string): Record<string, string> {
  const folder = join(repositoryRoot, 'examples', example);
  const paths = globSync('{.github/**,**}', { cwd: folder, exclude: name => name === '__pycache__' });
  const files = paths.filter(path => statSync(join(folder, path)).isFile());
  return Object.fromEntries(files.map(path => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** An example in its own repository, whose workflow is run by the local runner with the bundled action. */
function exampleScene(context: TestContext, example: string, env: Record<string, string> = {}) {
  const files = filesOf(example);
  const s = scene(context, files);
  const base = gitIn(s.source, 'rev-parse', 'HEAD');
  return {
    /** Measures the base with these replacements by path. */
    async measure(changes: Record<string, [string, string]> = {}) {
      const candidate = s.push(
        Object.fromEntries(
          Object.entries(changes).map(([path, [from, to]]) => {
            assert.ok(files[path]?.includes(from), `${path} has ${from}`);
            return [path, files[path]?.replace(from, to) ?? ''];
          }),
        ),
      );
      const inputs = { trial: '7/12.1', base, candidate, seed: '42', budget: '1', timeout: '60' };
      const result = await s.run(files[WORKFLOW] ?? '', {
        inputs,
        runner: { actionDir: repositoryRoot, env },
      });
      const file = result.artifacts.get('measurement')?.get('measurement.json');
      assert.ok(file, result.log);
      return { ...measurementSchema.parse(JSON.parse(Buffer.from(file).toString())), log: result.log };
    },
  };
}

type Measured = Awaited<ReturnType<ReturnType<typeof exampleScene>['measure']>>;

function numberOf({ outcome, sandbox, log }: Measured): number {
  assert.equal(outcome.status, 'measured', log);
  assert.equal(sandbox, 'bubblewrap');
  return outcome.status === 'measured' ? outcome.value : assert.fail();
}

test('the workflows of the examples are the ones that init writes', () => {
  const written = {
    ancestor: workflowText({
      action: DEFAULT_ACTION,
      command: 'python3 train.py',
      readable: ['~/.cache/autoresearch'],
    }),
    latency: workflowText({ action: DEFAULT_ACTION, command: 'python3 bench/load.py' }),
  };
  for (const [example, text] of Object.entries(written))
    assert.equal(filesOf(example)[WORKFLOW], text, `regenerate ${WORKFLOW} of examples/${example} with init`);
});

test("ancestor: a longer context improves bits per byte, with data below the runner's home", async context => {
  const home = temporaryDirectory(context);
  const env = { ...process.env, HOME: home };
  execFileSync('python3', ['prepare.py'], { cwd: join(repositoryRoot, 'examples/ancestor'), env });
  const { measure } = exampleScene(context, 'ancestor', { HOME: home });
  const base = await measure();
  assert.ok(numberOf(base) > 2.2 && numberOf(base) < 3, `${numberOf(base)}`);
  assert.equal(base.reported.order, 2);
  assert.ok(base.trainingSeconds > 0 && base.trainingSeconds < 4);
  assert.match(base.log, /^step 00000 \| loss: 8\.0000/m);
  const better = await measure({ 'train.py': ['ORDER = 2', 'ORDER = 3'] });
  assert.ok(numberOf(better) < numberOf(base) - 0.1, `${numberOf(base)} to ${numberOf(better)}`);
  assert.equal(better.digest, base.digest, 'both can be compared');
});

test('latency: an index instead of a scan lowers the p99, and a wrong answer is a crash', async context => {
  const { measure } = exampleScene(context, 'latency');
  const index: [string, string] = ['"index_buckets": 4', '"index_buckets": 4096'];
  const base = await measure();
  const better = await measure({
    'service/config.json': index,
    'service/search.py': ['re.search(pattern, product["text"].lower())', 'word in product["text"].split()'],
  });
  assert.ok(numberOf(better) < numberOf(base), `${numberOf(base)} to ${numberOf(better)}`);
  assert.ok((base.reported.searches ?? 0) >= 3 * 144, 'each word at least three times');
  const wrong = await measure({
    'service/search.py': ['return answer(word, ', 'return answer(word, [] and '],
  });
  assert.equal(wrong.outcome.status, 'crash');
  assert.match(
    wrong.outcome.status === 'crash' ? wrong.outcome.message : '',
    /^ValueError: the service answers/,
  );
});
