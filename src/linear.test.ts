/** What candidates, models, strangers and repositories write is read in time that grows with its length, and no faster. */
import { test } from 'node:test';
import { readAnswer, tidyTitle } from './agents/answer.ts';
import { parseConstants } from './agents/constants.ts';
import { applyEdits } from './agents/edit.ts';
import { changeIn } from './agents/past.ts';
import { occurrences } from './agents/places.ts';
import { ledgerText } from './agents/prompt.ts';
import { wishedIdea } from './agents/wish.ts';
import { parseCommand } from './campaign/command-parser.ts';
import { bendsCurve } from './campaign/evidence/previews.ts';
import { addedTokens } from './campaign/evidence/tokens.ts';
import { experimentMarkerSchema } from './campaign/marker.ts';
import { readMarker } from './github/marker.ts';
import { assertLinear } from './linear.test-helper.ts';
import { createEar } from './local/demo/hear.ts';
import { interpolate } from './local/expression.ts';
import { parseCommit } from './local/github/git/parse.ts';
import { renderLog } from './local/github/pages/log.ts';
import { renderMarkdown } from './local/github/pages/markdown.ts';
import { createLog } from './local/runner/log.ts';
import { parseContract } from './protocol/contract-file.ts';
import { unseen, visible } from './protocol/visible.ts';
import { clip, escapeMarkdown, fence, quote } from './text/markdown.ts';
import { plainLine } from './text/plain.ts';
import { classify } from './trial/classify.ts';
import { withHint } from './trial/hints.ts';
import { parseNumber } from './trial/number.ts';
import { collectOutput } from './trial/output.ts';
import { parseProgress } from './trial/progress.ts';
import { collectResult } from './trial/result-file.ts';

const filled =
  (before: string, unit: string, after = '') =>
  (length: number) =>
    before + unit.repeat(Math.ceil(length / unit.length)) + after;

/** Texts that make careless expressions slow. */
const HOSTILE: Record<string, (length: number) => string> = {
  digits: filled('', '1', 'x'),
  'a name and digits': filled('a: ', '1', 'x'),
  'a constant of digits': filled('A = ', '1', 'x'),
  'underscored digits': filled('A = ', '1_', 'x'),
  'digits with a point': filled('a: 1.', '1', 'x'),
  'a name and blanks': filled('a:', ' ', 'x'),
  'a key and blanks': filled('"a":', ' ', 'x'),
  'a constant and blanks': filled('A =', ' ', 'x'),
  blanks: filled('', ' ', 'x'),
  tabs: filled('x', '\t', 'x'),
  'line breaks': filled('x', '\n', 'x'),
  'carriage returns': filled('', '\r', 'x'),
  'one letter a line': filled('', 'a\n', ''),
  letters: filled('', 'a', '!'),
  dots: filled('', 'a.', '!'),
  errors: filled('', 'Error', '!'),
  'errors with dots': filled('', 'Error.', '!'),
  'a file that never ends': filled('  File "', 'a', ''),
  comments: filled('', '#', '\u2028x'),
  'comments and blanks': filled('', ' #', "'"),
  slashes: filled('', '/', '\u2028x'),
  'slashes after blanks': filled('', ' //', "'"),
  quotes: filled('', '"', ''),
  'threefold quotes': filled('', '"""\n', ''),
  apostrophes: filled('', "'", ''),
  'strings with fields': filled('', "f'{", ''),
  'imports that never end': filled('', 'import a.', ''),
  'paths that are imported': filled('', 'import ', ''),
  backticks: filled('', '`', 'x'),
  'backticks apart': filled('', '`a', ''),
  braces: filled('', '{', ''),
  'braces closed': filled('', '{}', ''),
  brackets: filled('', '[', ''),
  'objects that never close': filled('', '{"a":', ''),
  'thoughts that never close': filled('', '<think>', ''),
  'tags that never close': filled('', '<br ', ''),
  'comments that never close': filled('', '<!--', ''),
  'a marker that never closes': filled('<!-- autoresearch:experiment ', '-', ''),
  expressions: filled('', '${{', ''),
  'escapes that never end': filled('\u001b', ';#', ''),
  'escapes of numbers': filled('', '\u001b[', ''),
  'one escape of numbers': filled('\u001b[', '1;', ''),
  'a command and blanks': filled('/research ', ' ', 'x\u2028y'),
  'a command of numbers': filled('/research ', '1', 'x'),
  'a command to the runner': filled('::error ', ':a', ''),
  'a section that never ends': filled('', '[[', 'a'),
  'options of options': filled('', ' --a-', ''),
  'options and blanks': filled('--a', ' ', ''),
  'declarations that never end': filled('declare', ' -a', ''),
  'defaults of defaults': filled('A=', '${A:-', ''),
  'a constant whose type never ends': filled('const A: ', 'a<', ''),
  mentions: filled('', '@a ', ''),
  'names that never end': filled('', ' <', ''),
  trailers: filled('', 'signed-off-by ', ''),
  addresses: filled('', 'https:/', ''),
  keys: filled('', 'sk-', ''),
};

const LEDGER_LINE = { number: 1, status: 'closed', value: 1, championValue: 1 } as const;
const CONTEXTS = { job: { status: 'success' } } as const;

const READERS: Record<string, (text: string) => unknown> = {
  'a line of output': text => collectOutput('val_bpb').take(text),
  'a line of output that looks like the metric': text => collectOutput('a').take(`a: ${text}`),
  'a line of output with a pattern': text => {
    const output = collectOutput('a', String.raw`^(?:\w+[ =:]*)*: *(\d+)+$`);
    output.take(text);
    return output.metric();
  },
  output: text => {
    const output = collectOutput('val_bpb', String.raw`loss=(\S+)`);
    for (const line of text.split('\n')) output.take(line);
    return [output.metric(), output.reported(), output.tail()];
  },
  'the end of a crash': text =>
    classify({
      result: { exitCode: 1, signal: null, endedBy: 'itself' },
      metric: null,
      metricName: 'val_bpb',
      tail: text.split('\n'),
      timeoutSeconds: 1,
      isChampion: false,
      lacksProgram: false,
      shorten: new Map([['/scratch/trial/', '']]),
    }),
  'a crash that may have a hint': text => withHint(text, text, true),
  'a text as it looks': text => [visible(text), unseen(text)],
  'a number': parseNumber,
  progress: text => parseProgress(`step ${text}`),
  'a result file': text => {
    const file = collectResult('r.json', 'a.b');
    file.take(Buffer.from(text));
    return file.read();
  },
  "a model's answer": text => readAnswer(text, ['a']),
  "a model's title": tidyTitle,
  'an edit': text =>
    applyEdits(new Map([['a', text]]), [{ path: 'a', search: text.slice(0, 100), replace: 'x' }], ['a']),
  'constants of Python': text => parseConstants('a.py', text),
  'constants of YAML': text => parseConstants('a.yml', text),
  'constants of JSON': text => parseConstants('a.json', text),
  'constants of TOML': text => parseConstants('a.toml', text),
  'constants of shell scripts': text => parseConstants('a.sh', text),
  'constants of Rust': text => parseConstants('a.rs', text),
  'constants of TypeScript': text => parseConstants('a.ts', text),
  'a change of a constant': text =>
    changeIn({ path: 'a.py', search: `A = 1\n${text}`, replace: `A = 2\n${text}` }),
  'an idea about schedules': text =>
    bendsCurve({ title: text, hypothesis: text, edits: [{ path: 'a', search: text, replace: 'x' }] }),
  'tokens of Python': text => addedTokens(new Map([['a.py', 'x']]), new Map([['a.py', text]])),
  'tokens of a string with fields': text =>
    addedTokens(new Map([['a.py', 'x']]), new Map([['a.py', `f'''${text}{${text}:${text}}'''`]])),
  'a wish': text => wishedIdea(`A = ${text}`, new Map([['a.py', 'A = 1']])),
  'a ledger in a prompt': text =>
    ledgerText([
      {
        ...LEDGER_LINE,
        title: text,
        hypothesis: text,
        note: text,
        edits: [{ path: 'a', search: text, replace: text }],
      },
    ]),
  'a comment': text => parseCommand(text, 'bot'),
  'a quote': text => quote(text),
  'a clipped sentence': text => clip(text, text.length / 2),
  'a title': text => plainLine(text),
  Markdown: text => escapeMarkdown(text),
  'a fence': text => fence(text),
  'a hidden marker': text => readMarker('experiment', text, experimentMarkerSchema),
  'a path in a contract': text => parseContract(`editable: [${JSON.stringify(text)}]`),
  'a pattern in a contract': text =>
    parseContract(`metric: {name: a, goal: minimize, pattern: ${JSON.stringify(text)}}`),
  "the local runner's log": text => createLog(() => {}).stepOutput()(text),
  'a log that is listened to': text => {
    const ear = createEar(() => 0);
    ear.take('1/1.1', '::stop-commands::x');
    ear.take('1/1.1', text);
  },
  'a log on a page': text => renderLog(text, false),
  'Markdown on a page': text => renderMarkdown(text, number => `/issues/${number}`),
  'a pushed commit': text => parseCommit('a'.repeat(40), Buffer.from(`author ${text}\n\n${text}`)),
  'an expression in a workflow': text => {
    try {
      interpolate(text, CONTEXTS);
    } catch {
      // Its syntax is wrong.
    }
  },
};

for (const [reader, read] of Object.entries(READERS))
  test(`${reader} is read in linear time`, () => {
    for (const [name, textOf] of Object.entries(HOSTILE)) assertLinear(`${reader}, ${name}`, textOf, read);
  });

test('the places where an edit fits are found in linear time', () => {
  const halves = (length: number) => [filled('', 'a')(length / 2), filled('', 'a')(length / 4)] as const;
  assertLinear('all', halves, ([text, search]) => occurrences(text, search));
  assertLinear('none', halves, ([text, search]) => occurrences(text, `${search}b`));
  assertLinear('none, backwards', halves, ([text, search]) => occurrences(text, `b${search}`));
  const lines = (length: number) => [filled('', '\n')(length / 2), filled('', '\n')(length / 4)] as const;
  assertLinear('lines', lines, ([text, search]) => occurrences(text, `${search}b`));
});
