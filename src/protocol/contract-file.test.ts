import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProblem, parseContract } from './contract-file.ts';

function problemsOf(text: string): string[] {
  const file = parseContract(text);
  return file.kind === 'problems' ? file.problems.map(describeProblem) : [];
}

test('every key has a default', () => {
  for (const text of ['', '# only a comment\n', '{}']) {
    const file = parseContract(text);
    assert.equal(file.kind, 'contract');
    if (file.kind !== 'contract') return;
    assert.deepEqual(file.contract.editable, ['trainer/train.py']);
    assert.equal(file.contract.trial.budget, 300);
    assert.deepEqual(file.contract.agents, [{ name: 'explore', use: 'explore' }]);
  }
});

test('values in the file override the defaults, and durations become seconds', () => {
  const file = parseContract(
    'editable: [a.py, b.py]\ntrial: {budget: 90s, timeout: 1h}\nmetric: {name: p99_ms, goal: minimize}\nparallel: 4\n',
  );
  assert.equal(file.kind, 'contract');
  if (file.kind !== 'contract') return;
  assert.deepEqual(file.contract.editable, ['a.py', 'b.py']);
  assert.equal(file.contract.trial.budget, 90);
  assert.equal(file.contract.trial.timeout, 3600);
  assert.equal(file.contract.trial.workflow, 'experiment.yml');
});

test('an unknown key is reported with its line and the nearest known key', () => {
  assert.deepEqual(problemsOf('editable: [a.py]\ntrial:\n  budget: 5m\n  timout: 10m\n'), [
    '.github/research.yml:4: trial.timout: expected a known key (did you mean timeout?), found timout',
  ]);
  assert.match(
    problemsOf('\ncolour: red\n')[0] ?? '',
    /^\.github\/research\.yml:2: colour: expected one of the keys editable, brief, /,
  );
});

test('a wrong value is reported with what was expected and what was found', () => {
  assert.deepEqual(problemsOf('parallel: many\ntrial: {budget: soon}\nmetric: {name: x, goal: lower}\n'), [
    '.github/research.yml:3: metric.goal: expected one of minimize, maximize, found "lower"',
    '.github/research.yml:2: trial.budget: expected a duration such as 90s, 5m or 1h, found "soon"',
    '.github/research.yml:1: parallel: expected a number, found "many"',
  ]);
  assert.match(problemsOf('parallel: 0\n')[0] ?? '', /expected a number of at least 1, found 0/);
  assert.match(
    problemsOf('editable: [../x]\n')[0] ?? '',
    /expected a path inside the repository, found "..\/x"/,
  );
  assert.match(
    problemsOf('agents:\n  - {name: a, use: claude}\n')[0] ?? '',
    /:2: agents\.0\.use: expected one of openai, explore/,
  );
  assert.match(
    problemsOf('agents:\n  - {name: a, use: explore}\n  - {name: a, use: explore}\n')[0] ?? '',
    /a twice/,
  );
});

test('a limit in dollars needs a price for every agent that costs money', () => {
  const contract = (agent: string) =>
    `limits: {usd: 5}\nagents:\n  - {name: e, use: explore}\n  - ${agent}\n`;
  assert.deepEqual(problemsOf(contract('{name: gpt, use: openai, model: m}')), [
    '.github/research.yml:4: agents.1.price: expected a price for gpt in dollars per million tokens, such as {input: 1.25, output: 10}, because limits.usd is set, found nothing',
  ]);
  assert.deepEqual(
    problemsOf(contract('{name: gpt, use: openai, model: m, price: {input: 1, output: 2}}')),
    [],
  );
  assert.match(problemsOf('limits: {hours: 0}\n')[0] ?? '', /limits\.hours: expected a number above 0/);
});

test('text that is not YAML, or not a mapping, is reported', () => {
  assert.match(problemsOf('a: [1\nb: 2')[0] ?? '', /^\.github\/research\.yml:2: expected valid YAML, found /);
  assert.match(problemsOf('- 1\n')[0] ?? '', /expected an object, found \[1\]/);
});

test('a metric has one source: a referee, a pattern with one group, or a key of a file', () => {
  const metric = (rest: string) => problemsOf(`metric:\n  name: p99\n  goal: minimize\n${rest}`);
  const where = '.github/research.yml';
  assert.deepEqual(metric("  pattern: 'p99=(.*)'\n"), []);
  assert.deepEqual(metric('  file: result.json\n  key: runs.0.p99\n'), []);
  assert.deepEqual(metric("  referee: score.py\n  pattern: '(x)'\n"), [
    `${where}:5: metric.pattern: expected only one of referee, pattern, file, found "pattern in addition to referee"`,
  ]);
  assert.deepEqual(metric("  pattern: '(x)'\n  file: a.json\n  key: b\n"), [
    `${where}:5: metric.file: expected only one of referee, pattern, file, found "file in addition to pattern"`,
  ]);
  assert.deepEqual(metric('  file: result.json\n'), [
    `${where}:4: metric.file: expected key together with file, such as key: latency.p99, found "file alone"`,
  ]);
  assert.deepEqual(metric('  key: p99\n'), [
    `${where}:4: metric.key: expected file together with key, such as file: result.json, found "key alone"`,
  ]);
  for (const pattern of ['p99', '(a)(b)', '(a', '(?:a)'])
    assert.match(
      metric(`  pattern: '${pattern}'\n`)[0] ?? '',
      /:4: metric\.pattern: expected a regular expression with exactly one group/,
    );
  assert.deepEqual(metric("  pattern: '(?<=p99=)(\\S+)(?: ms)?$'\n"), []);
  assert.match(
    metric('  file: ../x\n  key: a..b\n').join(),
    /a path inside \$TMPDIR.*names and indices separated by dots/,
  );
});

test('a pattern that cannot be matched in linear time is a problem that says which part of it', () => {
  const found = (pattern: string) =>
    problemsOf(`metric: {name: p99, goal: minimize, pattern: '${pattern}'}`)[0];
  for (const [pattern, part] of [
    ['(?=p99)(.*)', '(?='],
    [String.raw`(["p])99=\1`, String.raw`\1`],
    ['(a{2000})', '{2000}'],
  ])
    assert.ok(
      found(pattern ?? '')?.includes(
        ` at ${part}; look-ahead and back-references are not supported), found `,
      ),
      found(pattern ?? ''),
    );
});

test('names in a contract, and problems with them, have no hidden characters', () => {
  const hidden = String.raw`"p99\u202e\u001b[31m"`;
  const names = problemsOf(`metric: {name: ${hidden}, goal: minimize}\neditable: [${hidden}]\n`);
  assert.equal(names.length, 2);
  for (const problem of names) assert.match(problem, /expected a (name|path) without control characters/);
  const [unknown = ''] = problemsOf(`${hidden}: 1\n`);
  assert.match(unknown, /found p99$/);
});

test('a pattern that was copied from a comment is read without the invisible characters in it', () => {
  const file = parseContract("metric: {name: ' pass@1 ', goal: maximize, pattern: '@\u200b1: (.*)'}");
  assert.ok(file.kind === 'contract');
  assert.deepEqual(file.contract.metric, { name: 'pass@1', goal: 'maximize', pattern: '@1: (.*)' });
});

function editableOf(text: string): string[] {
  const file = parseContract(text);
  return file.kind === 'contract' ? file.contract.editable : assert.fail(problemsOf(text).join());
}

test('paths are normalised, and each is named once', () => {
  assert.deepEqual(
    editableOf('editable: [./train.py, src//a.py, src/./b.py, src/c.py/, train.py, "[id].tsx"]'),
    ['train.py', 'src/a.py', 'src/b.py', 'src/c.py', '[id].tsx'],
  );
});

test('a path that cannot be one file of the repository is refused with what to write instead', () => {
  const found = (path: string) => problemsOf(`editable: ['${path}']`)[0] ?? '';
  const refused: [string, RegExp][] = [
    [
      'src/**',
      /expected the path of one file, not a pattern: list every file, such as src\/train\.py, found "src\/\*\*"/,
    ],
    ['*.py', /not a pattern/],
    ['src/{a,b}.py', /not a pattern/],
    ['!train.py', /not a pattern/],
    ['.', /expected the path of one file, not all of the repository/],
    ['./', /not all of the repository/],
    ['src\\train.py', /expected slashes instead of backslashes: src\/train\.py, found/],
    ['/home/me/train.py', /expected a path inside the repository/],
    ['~/train.py', /expected a path inside the repository/],
    ['C:/train.py', /expected a path inside the repository/],
    ['src/../../x', /expected a path inside the repository/],
    ['.git/config', /expected a path outside \.git/],
  ];
  for (const [path, problem] of refused) assert.match(found(path), problem, path);
});

test('what decides how experiments are measured is not editable', () => {
  const refused: [string, RegExp][] = [
    [
      '.github/research.yml',
      /editable\.0: expected a file other than those in \.github, which hold the contract/,
    ],
    ['.github/workflows/experiment.yml', /\.github/],
    ['./.GitHub/CODEOWNERS', /\.github/],
    ['.github', /\.github/],
    ['action.yml', /the action that measures/],
    ['score/referee.py', /the referee, which scores it/],
    ['score', /the referee, which scores it/],
    ['notes/brief.md', /the brief, which instructs the agents/],
  ];
  const metric = 'brief: notes/brief.md\nmetric: {name: m, goal: minimize, referee: ./score/referee.py}';
  for (const [path, problem] of refused)
    assert.match(problemsOf(`editable: [${path}]\n${metric}`).join(), problem, path);
  assert.deepEqual(problemsOf(`editable: [score/train.py, actions.yml]\n${metric}`), []);
});

test('the timeout leaves time beside the budget, or is chosen so', () => {
  const timeoutOf = (trial: string) => {
    const file = parseContract(`trial: {${trial}}`);
    return file.kind === 'contract' ? file.contract.trial.timeout : problemsOf(`trial: {${trial}}`).join();
  };
  assert.equal(timeoutOf('budget: 40s'), 160);
  assert.equal(timeoutOf('budget: 10m'), 1200);
  assert.equal(timeoutOf('budget: 40s, timeout: 50s'), 50);
  const problem = (least: string, budget: string, timeout: string) =>
    `.github/research.yml:1: trial.timeout: expected at least ${least}, which leaves time for start-up and scoring beside the budget of ${budget}, found "${timeout}"`;
  assert.equal(timeoutOf('budget: 40s, timeout: 20s'), problem('50s', '40s', '20s'));
  assert.equal(timeoutOf('budget: 10m, timeout: 10m'), problem('11m', '10m', '10m'));
  assert.equal(timeoutOf('budget: 10m, timeout: 645s'), problem('11m', '10m', '645s'));
  assert.match(String(timeoutOf('timeout: 5m')), /beside the budget of 5m, found "5m"/);
  assert.match(String(timeoutOf('budget: 24h')), /beside the budget of 24h, found "24h"/);
  assert.match(problemsOf('trial: {timout: 5m}')[0] ?? '', /did you mean timeout\?/);
});

test('a contract cannot cost much time, memory or text, whatever it holds', () => {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
  );
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const attacks: [string, string, RegExp][] = [
    [
      'aliases of aliases',
      `a0: &a0 [x]\n${levels.join('\n')}\n`,
      /expected every value written out, found an alias \(\*\)/,
    ],
    ['an alias to itself', 'editable: &a [*a]\n', /found an alias/],
    ['a merge of itself', 'metric: &m\n  <<: *m\n', /found an alias/],
    ['depth', `editable: ${nested(20_000)}`, /expected at most 30 levels, found more/],
    [
      'size',
      Array.from({ length: 50_000 }, (_, i) => `key${i}: 1\n`).join(''),
      /expected at most 65536 characters, found \d+/,
    ],
    [
      'keys',
      Array.from({ length: 5000 }, (_, i) => `k${i}: 1\n`).join(''),
      /expected no more problems, found 4990 more/,
    ],
    [
      'wrong values',
      `editable: [${'1, '.repeat(10_000)}]`,
      /editable: expected a length of at most 20, found \[1,1/,
    ],
    ['a long key', `${'k'.repeat(60_000)}: 1\n`, /found k{80}$/],
    ['a long value', `parallel: ${'k'.repeat(60_000)}\n`, /found "k{79}$/],
  ];
  for (const [what, text, problem] of attacks) {
    const started = process.threadCpuUsage();
    const found = problemsOf(text);
    const { user, system } = process.threadCpuUsage(started);
    assert.match(found.join('\n'), problem, what);
    assert.ok(found.join('\n').length < 5000, `${what}: ${found.join('\n').length} characters`);
    assert.ok(user + system < 2e6, `${what}: ${user + system} µs`);
  }
});

test('a byte order mark before a contract does no harm', () => {
  assert.deepEqual(editableOf('\ufeffeditable: [a.py]\n'), ['a.py']);
  assert.match(problemsOf('\ufeffparallel: 0\n')[0] ?? '', /:1: parallel:/);
  assert.deepEqual(editableOf('\ufeff# nothing\n'), ['trainer/train.py']);
});

test('an unknown key of an agent is reported with the keys that this kind of agent has', () => {
  const problem = (agent: string) => problemsOf(`agents:\n  - ${agent}\n`);
  assert.deepEqual(problem('{name: a, use: openai, model: m, base_url: x}'), [
    '.github/research.yml:2: agents.0.base_url: expected one of the keys name, use, model, price, timeout, found base_url',
  ]);
  assert.deepEqual(problem('{name: a, use: explore, model: m}'), [
    '.github/research.yml:2: agents.0.model: expected one of the keys name, use, found model',
  ]);
  assert.deepEqual(problem('{name: a, use: openai, model: m, timout: 9m}'), [
    '.github/research.yml:2: agents.0.timout: expected a known key (did you mean timeout?), found timout',
  ]);
  assert.deepEqual(problem('{name: a, use: openai, model: m, price: {in: 1, output: 2, input: 1}}'), [
    '.github/research.yml:2: agents.0.price.in: expected one of the keys input, output, found in',
  ]);
  const slow = parseContract('agents: [{name: a, use: openai, model: m, timeout: 20m}]');
  assert.ok(slow.kind === 'contract' && slow.contract.agents[0]?.use === 'openai');
  assert.equal(slow.contract.agents[0].timeout, 1200);
});

test('a guard is a number with one bound: a number, or a multiple of what the champion has', () => {
  const file = parseContract(
    'guards: [{name: peak_vram_mb, at_most: 1.1x}, {name: accuracy, at_least: 0.92}, {name: reward, at_least: -5}]\n',
  );
  assert.deepEqual(file.kind === 'contract' && file.contract.guards, [
    { name: 'peak_vram_mb', side: 'at_most', bound: { value: 1.1, isRelative: true } },
    { name: 'accuracy', side: 'at_least', bound: { value: 0.92, isRelative: false } },
    { name: 'reward', side: 'at_least', bound: { value: -5, isRelative: false } },
  ]);
});

test('a wrong guard is reported with what was meant, or why it cannot hold', () => {
  const problem = (guards: string) => problemsOf(`parallel: 1\nguards: ${guards}\n`).join('\n');
  const forms = "expected a number, or a multiple of the champion's such as 1.1x";
  for (const [bound, meant] of [
    ['1.1 x', '1.1x'],
    ['x1.1', '1.1x'],
    ['1.1X', '1.1x'],
    ["'1,1x'", '1.1x'],
    ['110%', '1.1x'],
    ["'0.92'", '0.92 without quotes'],
  ])
    assert.ok(
      problem(`[{name: a, at_most: ${bound}}]`).startsWith(
        `.github/research.yml:2: guards.0.at_most: ${forms} (did you mean ${meant}?), found`,
      ),
      problem(`[{name: a, at_most: ${bound}}]`),
    );
  for (const bound of ['-1.1x', 'much', '.inf', '[1]', 'null', '1.1.1x'])
    assert.match(problem(`[{name: a, at_most: ${bound}}]`), /such as 1\.1x, found /, bound);
  const champion = 'because the champion itself would break it';
  assert.match(
    problem('[{name: a, at_most: 0.9x}]'),
    RegExp(`at least 1 for at_most, ${champion}, found "0.9x"`),
  );
  assert.match(problem('[{name: a, at_least: 1.1x}]'), RegExp(`up to 1 for at_least, ${champion}`));
  assert.match(problem('[{name: a, at_least: 0x}]'), RegExp(`above 0 and up to 1 for at_least, ${champion}`));
  assert.match(problem('[{name: weights_mb, at_most: 0}]'), /a number above 0, because weights_mb always is/);
  assert.match(
    problem('[{name: a, at_most: 1, at_least: 0}]'),
    /guards\.0\.at_least: expected only one of at_most/,
  );
  assert.match(problem('[{name: a}]'), /guards\.0: expected at_most or at_least together with name/);
  assert.match(problem('[{at_most: 3}]'), /guards\.0\.name: expected a string, found nothing/);
  assert.match(problem('[{name: a, atmost: 3}]'), /guards\.0\.atmost: .*did you mean at_most\?/);
  assert.match(
    problem('[{name: a, at_most: 1}, {name: a, at_least: 0}]'),
    /guards\.1\.name: expected every number to be guarded only once, found "a again"/,
  );
  assert.match(
    problem('[{name: val_bpb, at_most: 3}]'),
    /guards\.0\.name: expected a number other than the metric/,
  );
  const six = Array.from({ length: 6 }, (_, i) => `{name: n${i}, at_most: 1}`).join(', ');
  assert.match(problem(`[${six}]`), /guards: expected a length of at most 5/);
});

test('a ladder has budgets of its own, and a share of the gain needs a ladder and a pull request', () => {
  assert.deepEqual(problemsOf('ladder: [{budget: 30m}, {budget: 2h}]\n'), []);
  assert.deepEqual(problemsOf('base: campaign\nladder: [{budget: 30m}]\npromote: {at_least: 0.5}\n'), []);
  assert.deepEqual(
    problemsOf('trial: {budget: 5m}\nladder: [{budget: 300s}, {budget: 1h}, {budget: 60m}]\n'),
    [
      '.github/research.yml:2: ladder.0.budget: expected a budget other than that of trial.budget, found "5m"',
      '.github/research.yml:2: ladder.2.budget: expected a budget other than that of ladder.1, found "1h"',
    ],
  );
  assert.deepEqual(problemsOf('base: campaign\npromote: {at_least: 0.5}\n'), [
    '.github/research.yml:2: promote.at_least: expected a ladder beside it, such as ladder: [{budget: 30m}], to compare with, found 0.5',
  ]);
  assert.deepEqual(problemsOf('ladder: [{budget: 30m}]\npromote: {at_least: 0.5}\n'), [
    '.github/research.yml:2: promote.at_least: expected base: campaign beside it, because only then a pull request can be held back, found 0.5',
  ]);
  assert.match(problemsOf('ladder: [30m]\n')[0] ?? '', /:1: ladder\.0: expected an object, found "30m"/);
  assert.match(problemsOf('ladder: {budget: 30m}\n')[0] ?? '', /:1: ladder: expected an array, found/);
  assert.match(
    problemsOf('ladder: [{budget: 30 min}]\n')[0] ?? '',
    /ladder\.0\.budget: expected a duration such as/,
  );
  assert.match(
    problemsOf('ladder: [{minutes: 30}]\n').join('\n'),
    /ladder\.0\.minutes: expected one of the keys budget/,
  );
  assert.match(problemsOf('promote: {at_least: 50}\n')[0] ?? '', /expected a number of at most 1, found 50/);
});
