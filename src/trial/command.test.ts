import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand } from './command.ts';

test('plain words are started directly', () => {
  assert.deepEqual(parseCommand(' python3  trainer/train.py --depth=8 '), {
    file: 'python3',
    args: ['trainer/train.py', '--depth=8'],
    throughShell: false,
  });
});

test('anything with a special meaning is passed to a shell unchanged', () => {
  for (const command of [
    'A=1 python3 train.py',
    'echo "a b"',
    'cat x | sort',
    'echo $HOME',
    'ls *',
    'a; b',
    'a\nb',
  ]) {
    assert.deepEqual(parseCommand(command), { file: 'sh', args: ['-c', command], throughShell: true });
  }
});

test('an empty command is refused', () => {
  assert.throws(() => parseCommand('  '), /Expected a command/);
});
