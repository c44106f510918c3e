import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer } from './answer.ts';

test("a model's path is normalised, however it writes it", () => {
  for (const path of [
    'src/train.py',
    './src/train.py',
    'src//train.py',
    'src/./train.py',
    'src\\train.py',
    '.\\src\\train.py',
    'train.py',
    '/src/train.py',
    'repository/src/train.py',
  ]) {
    const answer = readAnswer(JSON.stringify({ title: 'a', edits: [{ path, search: 'x', replace: 'y' }] }), [
      'src/train.py',
      'src/model.py',
    ]);
    assert.equal(answer.kind === 'idea' && answer.idea.edits[0]?.path, 'src/train.py', path);
  }
});

const EDIT = { path: 'train.py', search: 'LR = 0.5', replace: 'LR = 0.6' };
const IDEA = { title: 'a higher rate', hypothesis: 'h', edits: [EDIT] };
const JSON_TEXT = JSON.stringify(IDEA);

function read(text: string): string {
  const answer = readAnswer(text, ['train.py']);
  return answer.kind === 'problem' ? answer.problem : JSON.stringify(answer.idea.edits);
}

test('the slips that models make when they write JSON are repaired', () => {
  const slips: Record<string, string> = {
    'a comma too many': JSON_TEXT.replace('}]}', '},],}'),
    'a comma too few': JSON_TEXT.replace('"h",', '"h"\n'),
    'edits as text': JSON.stringify({ ...IDEA, edits: JSON.stringify([EDIT]) }),
    'edits as text with a slip': JSON.stringify({ ...IDEA, edits: `[${JSON.stringify(EDIT)},]` }),
    'one edit without its list': JSON.stringify({ ...IDEA, edits: EDIT }),
    'a wrapper': JSON.stringify({ experiment: IDEA }),
    'a list': JSON.stringify([IDEA]),
    'a call with text': JSON.stringify({ name: 'propose', arguments: JSON_TEXT }),
    'a text of JSON': JSON.stringify(JSON_TEXT),
    'curly quotes':
      '{“title”:“a”,“hypothesis”:“h”,“edits”:[{“path”:“train.py”,“search”:“LR = 0.5”,“replace”:“LR = 0.6”}]}',
    'single quotes': JSON_TEXT.replaceAll('"', "'"),
    'no quotes': JSON_TEXT.replaceAll(/"(\w+)":/g, '$1: '),
    'a Python literal': `{'title': 'a', 'hypothesis': None, 'edits': [{'path': "train.py", 'search': "LR = 0.5", 'replace': 'LR = 0.6'}]}`,
    comments: JSON_TEXT.replace('"edits"', '// what changes\n"edits"').replace('[{', '[/* one */{'),
    'a fence in prose': `Here it is:\n\`\`\`json\n${JSON_TEXT}\n\`\`\`\nThis sets {LR}, and the "edits" are small.`,
    'many braces before it': 'f{x} {"a": '.repeat(200) + JSON_TEXT,
    'a byte order mark': `\ufeff${JSON_TEXT}`,
  };
  for (const [name, text] of Object.entries(slips)) assert.equal(read(text), JSON.stringify([EDIT]), name);
});

test('line breaks, backslashes and three quotes in texts are what was meant', () => {
  const edits = (text: string) => JSON.parse(read(`{"title":"a","edits":[{"path":"train.py",${text}}]}`))[0];
  assert.deepEqual(edits('"search":"LR = 0.5\nSTEPS = 3","replace":"LR = 0.6\nSTEPS = 3"'), {
    path: 'train.py',
    search: 'LR = 0.5\nSTEPS = 3',
    replace: 'LR = 0.6\nSTEPS = 3',
  });
  assert.equal(
    edits(String.raw`"search":"re.match('\d+\.')","replace":"x"`).search,
    String.raw`re.match('\d+\.')`,
  );
  assert.equal(edits('"search":"""LR = 0.5\nX = "a"\n""","replace":"y"').search, 'LR = 0.5\nX = "a"\n');
  assert.equal(edits('"search":["LR = 0.5","X = 1"],"replace":"y"').search, 'LR = 0.5\nX = 1');
});

test('thinking is dropped first, whatever it is marked with, and an idea in it is none', () => {
  const draft = JSON_TEXT.replace('0.6', '0.7');
  for (const thinking of [
    `<think>${'{a} {"b": '.repeat(150)}${draft}</think>`,
    `${'so {lr} '.repeat(150)}${draft}</think>`,
    `<thinking>${draft}</thinking>`,
    `[THINK]${draft}[/THINK]`,
    `◁think▷${draft}◁/think▷`,
    `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final<|message|>`,
  ])
    assert.equal(read(`${thinking}\n${JSON_TEXT}`), JSON.stringify([EDIT]));
  assert.equal(read(`<think>${draft}</think> I cannot.`), 'expected one JSON object, found none');
  const edit = { path: 'train.py', search: 'P = "</think>"', replace: 'P = "<think>"' };
  assert.equal(read(JSON.stringify({ ...IDEA, edits: [edit] })), JSON.stringify([edit]));
});

test('an answer that cannot be read is one sentence with the place', () => {
  const cases: [string, RegExp][] = [
    ['I would rather not.', /^expected one JSON object, found none$/],
    [JSON_TEXT.slice(0, 60), /object that starts at line 1, column 1 is not complete: no brace closes it$/],
    // Repaired, this would be half of what was meant.
    [
      `{"title":"a","edits":[${JSON.stringify(EDIT)},{"path":"tr`,
      /is not complete: its last brace closes an inner part$/,
    ],
    [
      '{"title":"a",\n"edits":[{"path":"train.py","search":"print("a")","replace":"x"}]}',
      /^the JSON object that starts at line 1, column 1 cannot be read: colon expected at line 2, column \d+, near /,
    ],
    [
      '{"title":"a","changes":[]}',
      /^expected an object with the keys title, hypothesis and edits, found title, changes$/,
    ],
    ['{"title":"a","edits":[]}', /^edits: expected at least one edit, found \[\]$/],
    [
      '{"title":"a","edits":[{"file":"train.py","old":"a","new":"b"}]}',
      /^edits\[0\]\.path: expected a text, found nothing; the keys there are file, old, new$/,
    ],
    [
      '{"title":"a","edits":[{"path":"train.py","search":"a","replace":3}]}',
      /^edits\[0\]\.replace: expected a text, found 3$/,
    ],
    [
      `{"edits":[${JSON.stringify(EDIT)}]}`,
      /^title: expected a text, found nothing; the keys there are edits$/,
    ],
  ];
  for (const [text, said] of cases) assert.match(read(text), said);
});
