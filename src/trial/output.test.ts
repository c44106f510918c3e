import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible } from '../protocol/visible.ts';
import { collectOutput } from './output.ts';

test('of a long line only the beginning is looked at', () => {
  for (const pattern of [undefined, String.raw`^\s*v: (\d+)$`, String.raw`^v: (\d+)`]) {
    const output = collectOutput('v', pattern);
    output.take('v: 1');
    output.take(`${' '.repeat(5000)}v: 2`);
    assert.equal(output.metric()?.value, 1, pattern);
  }
  const output = collectOutput('v', '^(7)');
  output.take(`7${' '.repeat(60_000)}`);
  assert.equal(output.metric()?.value, 7);
});

test('the tail holds the last lines, also after a line that is longer than all of it', () => {
  const output = collectOutput('v');
  output.take('x'.repeat(60_000));
  for (const line of ['Traceback (most recent call last):', '  File "train.py"', 'ValueError: no'])
    output.take(line);
  assert.deepEqual(output.tail().slice(-3), [
    'Traceback (most recent call last):',
    '  File "train.py"',
    'ValueError: no',
  ]);
  for (let i = 0; i < 100_000; i++) output.take('');
  assert.ok(output.tail().length <= 16_000);
});

/** What the lines say about a metric. */
function read(name: string, ...lines: string[]) {
  const output = collectOutput(name);
  for (const line of lines) output.take(visible(line));
  return { value: output.metric()?.value ?? null, nearest: output.nearest() };
}

test("a metric's name is taken literally, whatever its characters", () => {
  const names = ['pass@1', 'mAP50(B)', 'NDCG@10', '1_step_loss', '损失', 'R²', 'val/loss', 'top-1 acc (%)'];
  for (const name of [
    ...names,
    'eval: loss',
    '50%_latency',
    'tokens/µs',
    'a|b',
    'a.b',
    'f1[macro]',
    '$x^',
    '+',
    '__proto__',
    'constructor',
    'INFO',
    '12:00:00',
  ])
    assert.equal(read(name, `${name}: 0.42`).value, 0.42, name);
  assert.equal(read('a.b', 'axb: 1').value, null);
  assert.equal(read('pass@1', 'pass@10: 1', 'xpass@1: 2', 'best pass@1: 3').value, null);
});

test('what logging, launchers and progress bars write before a metric is skipped', () => {
  const prefixes = [
    '  ',
    '\t',
    '[rank0]: ',
    '[default0]:',
    '[1,0]<stdout>:',
    '(TrainWorker pid=123, ip=10.0.0.1) ',
    'wandb:   ',
    'INFO:root:',
    'INFO:__main__:',
    'INFO ',
    '[INFO] ',
    '12:00:00 ',
    '[12:00:00] INFO     ',
    '2026-09-01 12:00:00 INFO ',
    '2026-09-01 12:00:00,123 - __main__ - INFO - ',
    '2026-09-01T12:00:00.123Z [info     ] ',
    '2026-09-01 12:00:00.123 | INFO     | __main__:main:12 - ',
    '[2026-09-01 12:00:00,123][__main__][INFO] - ',
    '[2026-09-01 12:00:00,123] [INFO] [logging.py:96:log_dist] [Rank 0] ',
    'I0901 12:00:00.123456 140735 train.py:12] ',
    '100%|████| 10/10 [00:01<00:00]',
    'Epoch 1: 100%|██████████| 10/10 [00:00<00:00, 200.00it/s, v_num=0]',
    '- ',
    '> ',
    '\u001b[2K\u001b[1;36m',
  ];
  for (const prefix of prefixes) assert.equal(read('val_loss', `${prefix}val_loss: 1.2`).value, 1.2, prefix);
});

test('what else may stand before a name gives it another meaning', () => {
  for (const before of [
    'best ',
    'train ',
    '[train] ',
    'eval/',
    'step 3 ',
    '3: ',
    '[3] ',
    '12:00:00 - best - ',
    'x',
    '[rank1]: ',
  ])
    assert.equal(read('loss', `${before}loss: 1.2`).value, null, before);
  assert.equal(read('loss', '[rank0]: loss: 1', '[rank1]: loss: 2').value, 1, 'the first rank counts');
});

test('a number is read in the forms that have one meaning', () => {
  const forms: [string, number][] = [
    [': 1.2', 1.2],
    [' : 1.2', 1.2],
    ['=1.2', 1.2],
    [' = 1.2', 1.2],
    ['：1.2', 1.2],
    [' 1.2', 1.2],
    [':\t1.2\r', 1.2],
    [': 1.2,', 1.2],
    [': 1.', 1],
    [': −1.5e-7', -1.5e-7],
    [': 1_234.5', 1234.5],
    [': 1,234.5', 1234.5],
    [': 93.1%', 93.1],
    [': 93.1 %', 93.1],
    [': tensor(1.2)', 1.2],
    [": tensor(1.2, device='cuda:0', grad_fn=<NllLossBackward0>)", 1.2],
    [': tensor([1.2])', 1.2],
    [': np.float64(1.2)', 1.2],
    [': Array(1.2, dtype=float32)', 1.2],
    [": Decimal('1.2')", 1.2],
  ];
  for (const [text, value] of forms) assert.equal(read('m', `m${text}`).value, value, text);
  assert.equal(read('m', "'m': 1.2").value, 1.2);
  assert.equal(read('m', '**m**: 1.2').value, 1.2);
  assert.ok(Number.isNaN(read('m', 'm: tensor(nan)').value));
});

test('a line that is not quite right is quoted with a pattern that reads it', () => {
  const lines: [string, string, number][] = [
    ['val_loss', '{"val_loss": 1.2, "lr": 0.1}', 1.2],
    ['val_loss', '{"lr":0.1,"val_loss":1.2,"step":3}', 1.2],
    ['val_loss', "{'val_loss': 1.2}", 1.2],
    ['val_loss', 'step 100 | val_loss: 1.2 | lr 0.1', 1.2],
    ['val_loss', 'val_loss: 1.2 (best)', 1.2],
    ['val_loss', 'val_loss: 1.2s', 1.2],
    ['val_loss', 'val_loss: 950 ms', 950],
    ['val_loss', 'val_loss: 1.2±0.1', 1.2],
    ['val_loss', 'step 2 loss 0.3val_loss: 1.2', 1.2],
    ['val_loss', 'the final val_loss is 1.2', 1.2],
    ['val_loss', 'Val loss: 1.2', 1.2],
    ['Loss', 'loss: 1.2', 1.2],
    ['val_los', 'val_loss: 1.2', 1.2],
    ['pass@1', "it's pass@1 -> 0.42!", 0.42],
    ['acc (%)', 'acc (%) [top-1] = 93.1', 93.1],
  ];
  for (const [name, line, value] of lines) {
    const found = read(name, 'starting', line, 'done');
    assert.equal(found.value, null, line);
    assert.ok(
      found.nearest?.startsWith(`the nearest line is \`${line}\`, which \`pattern: '`),
      `${line}: ${found.nearest}`,
    );
    const pattern = /`pattern: '(.*)'` under/.exec(found.nearest ?? '')?.[1]?.replaceAll("''", "'");
    const output = collectOutput(name, pattern);
    output.take(line);
    assert.equal(output.metric()?.value, value, `${line}: ${pattern}`);
  }
});

test('no pattern is offered where none could be right', () => {
  for (const text of ['0x1p-3', '1,234', '3/10', '1.2.3', '', 'high', 'information'])
    assert.equal(read('m', `m: ${text}`).nearest, `the nearest line is \`${`m: ${text}`.trim()}\``);
  assert.equal(read('val_loss', 'starting', 'done in 3 s').nearest, null);
});

test('a suggested pattern keeps to the unit and to the whole name', () => {
  const pattern = /'(.*)'/.exec(read('loss', 'loss: 1.2s').nearest ?? '')?.[1];
  const output = collectOutput('loss', pattern);
  for (const line of ['loss: 1.2s', 'best_loss: 1s']) output.take(line);
  assert.equal(output.metric()?.value, 1.2);
  output.take('loss: 950ms');
  assert.ok(Number.isNaN(output.metric()?.value), 'not 950 of another unit');
});

test('the summary block is read in the same way as the metric', () => {
  const output = collectOutput('val_loss');
  for (const line of [
    'a: 1',
    'INFO:root:---',
    'INFO:root:val_loss: 1.2',
    'INFO:root:pass@1: 0.5',
    ' steps = 1_000',
    'name: x',
  ])
    output.take(line);
  assert.deepEqual(output.reported(), { 'pass@1': 0.5, steps: 1000 });
});
