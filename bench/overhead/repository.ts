/** A repository whose command waits, and reports how long its candidate's constant is from the best. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { CONTRACT_PATH } from '../../src/protocol/contract.ts';
import { contractText, workflowText } from '../../src/starter/templates.ts';

export interface WaitingRepository extends AsyncDisposable {
  /** Everything is below this folder. */
  folder: string;
  /** The git repository. */
  root: string;
}

export const BEGIN = 'the command begins';
export const END = 'the command ends';
export const COMMAND = 'python3 train.py';

const PROGRAM = (seconds: number) => `print("${BEGIN}", flush=True)
import time
RATE = 0.5
DEPTH = 3
time.sleep(${seconds})
print("val_loss:", abs(RATE - 0.37) + DEPTH / 100)
print("${END}", flush=True)
`;

/** Makes one in a temporary folder. */
export async function waitingRepository(seconds: number): Promise<WaitingRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-overhead-'));
  const root = join(folder, 'repository');
  const contract = contractText({
    editable: ['train.py'],
    metric: 'val_loss',
    goal: 'minimize',
    budget: `${Math.max(1, Math.ceil(seconds))}s`,
    base: 'main',
    brief: 'program.md',
  });
  const files = {
    'train.py': PROGRAM(seconds),
    'program.md': 'Lower val_loss.\n',
    [CONTRACT_PATH]: contract,
    '.github/workflows/experiment.yml': workflowText({
      action: 'OWNER/autoresearch-bot@v1',
      command: COMMAND,
    }),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=you', '-c', 'user.email=you@localhost', ...args], { cwd: root });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'A command that waits');
  return { folder, root, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
