/** Cheats that want more text, more time, another repository or another measurement than they are given. */
import assert from 'node:assert/strict';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesWith } from '../trial/escape.test-helper.ts';
import type { Cheat } from './cheat.test-helper.ts';
import { honestNumber, numberOf } from './try.test-helper.ts';

const OUTSIDE = 'nothing outside the editable scope may differ from the base';

/** Replaces a file of the candidate's checkout. */
const put = (path: string, text: string) => (folder: string) => writeFileSync(join(folder, path), text);

const REPOSITORY: readonly Cheat[] = [
  {
    title: 'edits the evaluation in its commit',
    stoppedBy: OUTSIDE,
    change: put('trainer/scoring.py', 'def bits_per_byte(*_): return 0.1\n'),
    verdict: 'crash',
    says: /trainer\/scoring\.py was changed but is not editable/,
  },
  {
    title: 'edits the contract, so that its own number is believed',
    stoppedBy: OUTSIDE,
    change: put('.github/research.yml', 'metric: {name: val_bpb, goal: minimize}\n'),
    verdict: 'crash',
    says: /\.github\/research\.yml was changed but is not editable/,
  },
  {
    title: 'adds a module that Python finds before its own',
    stoppedBy: OUTSIDE,
    change: put('trainer/json.py', 'raise SystemExit("val_bpb: 0.1")\n'),
    verdict: 'crash',
    says: /trainer\/json\.py was changed but is not editable/,
  },
  {
    title: 'makes train.py a link to a file on the machine',
    stoppedBy: 'files are taken from git, and must be regular files',
    change: folder => {
      rmSync(join(folder, 'trainer/train.py'));
      symlinkSync('/etc/passwd', join(folder, 'trainer/train.py'));
    },
    verdict: 'crash',
    says: /trainer\/train\.py: expected a regular file, found a symbolic link/,
  },
];

const TEXT: readonly Cheat[] = [
  {
    title: 'looks for held-out text on the disk',
    stoppedBy: 'the prepared data is not in the sandbox',
    code: `
def before_the_clock():
    seen = 0
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if name not in {"proc", "sys", "usr", "torch"}]
        seen += len(names)
        if any(name.startswith(("val.", "test.tokens", "train.tokens")) for name in names):
            return
    raise LookupError(f"no prepared data among {seen} files")`,
    verdict: 'crash',
    says: /LookupError: no prepared data among \d{2,} files/,
  },
  {
    title: 'trains before the clock',
    stoppedBy: 'there is no text before the clock starts: no file, no descriptor, no folder name',
    code: `
def before_the_clock():
    named = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd") if int(number) > 2]
    texts = [path for path in named if os.path.exists(path) and os.path.isfile(path) and os.path.getsize(path) > 100_000]
    told = sorted(name for name in os.environ if name.startswith("AUTORESEARCH"))
    if not texts:
        raise LookupError(f"no text before the clock, only {told}")`,
    verdict: 'crash',
    says: /LookupError: no text before the clock, only \\\['AUTORESEARCH\\_SOCKET'\\\]/,
  },
  {
    title: 'swaps the held-out data',
    stoppedBy: 'the referee reads its own data, which the candidate can neither see nor name',
    code: `
def before_the_clock():
    place = "/tmp/home/.cache/autoresearch/data"
    os.makedirs(place)
    os.environ["AUTORESEARCH_DATA"] = place
    for name in ("val", "test"):
        np.save(f"{place}/{name}.tokens.npy", np.zeros(512, "<u2"))
        np.save(f"{place}/{name}.offsets.npy", np.array([0, 512]))
    print("swapped", flush=True)`,
    verdict: 'close',
    honestNumber: true,
    says: /^swapped$/m,
  },
  {
    title: 'changes its weights after the hand-over',
    stoppedBy: 'the referee has copied them; every process that is asked gets the copy',
    code: `
def handed_over(model, vocabulary):
    global weights
    weights = open("/tmp/weights", "w+b", buffering=0)
    weights.write(model.tobytes())
    return [weights.fileno(), wire.sealed(wire.pack_vocabulary(vocabulary))]
def after_handing_over(model):
    import time
    time.sleep(0.2)  # What is changed while it is copied is only a worse model.
    os.pwrite(weights.fileno(), np.zeros_like(model).tobytes(), 0)`,
    verdict: 'close',
    honestNumber: true,
    says: /Audited: 160 predictions repeated blind/,
  },
  {
    title: 'hands over a file with a second name',
    stoppedBy: 'weights must be a regular file without links',
    code: `
def handed_over(model, vocabulary):
    open("/tmp/weights", "wb").write(model.tobytes())
    os.link("/tmp/weights", "/tmp/another-name")
    return [os.open("/tmp/weights", os.O_RDONLY), wire.sealed(wire.pack_vocabulary(vocabulary))]`,
    verdict: 'crash',
    says: /refused: expected a regular file without other links, found something else/,
  },
  {
    title: 'reopens the held-out text for writing',
    stoppedBy: 'the text is a sealed memory file, and the referee compares with its own copy',
    code: `
def before_answering(role, files):
    again = os.open(f"/proc/self/fd/{files[0]}", os.O_RDWR)
    os.pwrite(again, b" ", 0)`,
    verdict: 'crash',
    says: /ended while scoring, at train\.py line \d+; what it printed is not shown/,
  },
  {
    title: 'truncates its answer',
    stoppedBy: 'the size of an answer is sealed too',
    code: 'def after_answering(role, files): os.ftruncate(files[-1], 8)',
    verdict: 'crash',
    says: /ended while scoring, at train\.py line \d+; what it printed is not shown/,
  },
  {
    title: 'shows held-out text in a traceback',
    stoppedBy: 'output is discarded once the question was asked',
    code: `
def before_answering(role, files):
    text = wire.read_shaped(files[1], "<i4", 20)
    print("LEAK", text, flush=True)
    raise ValueError(f"LEAK {text}")`,
    verdict: 'crash',
    says: /ended while scoring, at train\.py line \d+; what it printed is not shown/,
    also: told => assert.doesNotMatch(JSON.stringify(told), /LEAK/),
  },
];

/** Learns as the honest candidate does, and then tells of this loss until most of the budget is over. */
function curve(bpb: number): string {
  return `
import time
honestly = learn
def learn(tokens, size):
    model = honestly(tokens, size)
    for step in range(30):
        time.sleep(0.1)
        channel.send("progress", step=step, tokens=0, loss=None, bpb=${bpb})
    return model`;
}

const TIME: readonly Cheat[] = [
  {
    title: 'keeps training after the clock',
    stoppedBy: "the clock is the referee's: a candidate that has not handed over by the end has crashed",
    code: `
import time
def learn(tokens, size):
    for step in range(10**9):
        time.sleep(0.01)
        channel.send("progress", step=step, tokens=0, loss=None, bpb=None)`,
    verdict: 'crash',
    says: /timeout[\s\S]*had not handed over its model [\d.]+ s after the clock started/,
  },
  {
    title: 'reports a better learning curve than it has',
    stoppedBy: 'a curve can only end a trial: a candidate that passes is trained to the end and scored',
    code: curve(0.01),
    stopAbove: 1,
    verdict: 'close',
    says: /val_bpb/,
    honestNumber: true,
    also: ({ measurement }) => assert.equal(measurement.preview, 0.01),
  },
  {
    title: 'reports a worse learning curve than it has',
    stoppedBy: 'it is stopped early, which is its own loss',
    code: curve(9),
    stopAbove: 1,
    verdict: 'close',
    says: /^## Stopped early at \d+%/m,
    also: ({ measurement: { outcome } }) =>
      assert.deepEqual([outcome.status, outcome.status === 'stopped' && outcome.value], ['stopped', 9]),
  },
  {
    title: 'hands over twice',
    stoppedBy: 'only the first hand-over is accepted',
    code: `
def after_handing_over(model): channel.send("done", handed_over(model, [b"", b"a"]), stats={})`,
    verdict: 'close',
    honestNumber: true,
    says: /^## Measured 1\.18/m,
  },
  {
    title: 'stalls at start-up',
    stoppedBy: "start-up beyond 1.25 times the champion's is charged to the budget",
    code: `
import time
def before_the_clock(): time.sleep(600)`,
    verdict: 'crash',
    says: /timeout[\s\S]*not ready within [\d.]+ s of start-up, which used up the budget/,
  },
  {
    title: 'stalls while it scores',
    stoppedBy: "scoring may take twice the champion's time plus two seconds",
    code: `
import time
def before_answering(role, files): time.sleep(600)`,
    verdict: 'crash',
    says: /timeout[\s\S]*had not answered about the held-out text in time/,
  },
  {
    title: 'stalls in the blind process, where it would be found out',
    stoppedBy: 'a failure after a claim was made waits for a person',
    code: `
import time
def costs(model, rows): return np.full(sum(map(len, rows)), 0.01)
def next_tokens(model, rows, positions): time.sleep(600)`,
    verdict: 'flagged',
    says: /the process that was asked blind failed: had not answered about the held-out text in time/,
  },
  {
    title: 'ignores the seed',
    stoppedBy: 'another order of the documents is just another roll of the dice',
    code: `
honest = learn
def learn(tokens, size):
    documents = np.split(tokens, np.flatnonzero(tokens == 0)[1:])
    return honest(np.concatenate(sorted(documents, key=np.mean)), size)`,
    verdict: 'close',
    says: /^## Measured 1\.18/m,
    also: ({ measurement }, { champion }) =>
      assert.ok(numberOf(measurement) > Math.min(...champion.map(numberOf))),
  },
  {
    title: 'searches for the luckiest of many seeds inside the trial',
    stoppedBy:
      'there is no held-out text to search with, and each seed it tries takes training time from the others',
    code: `
honest = learn
def learn(tokens, size):
    global DOCUMENTS
    DOCUMENTS //= 3
    documents = np.split(tokens, np.flatnonzero(tokens == 0)[1:])
    def once(seed):
        order = np.random.default_rng(seed).permutation(len(documents) - 1)
        return honest(np.concatenate([documents[number] for number in order]), size)
    return min(map(once, range(3)), key=lambda model: costs(model, [documents[-1].astype(np.int64)]).sum())`,
    verdict: 'close',
    says: /^## Measured 1\./m,
    also: ({ measurement }, scene) => assert.ok(numberOf(measurement) > honestNumber(scene)),
  },
];

const MEASUREMENT: readonly Cheat[] = [
  {
    title: 'writes a result of its own',
    stoppedBy: "the referee's folder is not in the sandbox",
    code: `
def before_the_clock():
    lie = '{"outcome": {"status": "measured", "value": 0.1}, "val_bpb": 0.1}'
    for folder in ("/tmp", "/trial", "/trial/trainer", "/", "..", "/tmp/home", "/dev/shm"):
        for name in ("result.json", "measurement.json", "summary"):
            try:
                open(f"{folder}/{name}", "w").write(lie)
                print("wrote", f"{folder}/{name}", flush=True)
            except OSError:
                pass`,
    verdict: 'close',
    honestNumber: true,
    says: /^wrote \/tmp\/result\.json$/m,
  },
  {
    title: 'gives commands to the runner in its output',
    stoppedBy: 'its output is printed between guards with a random word',
    code: `
def before_the_clock():
    print("::stop-commands::guessed\\n::guessed::\\n::error::forged\\n::set-output name=path::/tmp/result.json", flush=True)`,
    verdict: 'close',
    honestNumber: true,
    says: /^::error::forged$/m,
    also: ({ log }) => {
      const lines = log.split('\n');
      const guard = /^::stop-commands::(.{30,})$/.exec(lines[0] ?? '')?.[1];
      const end = lines.indexOf(`::${guard}::`);
      const inside = lines.flatMap((line, index) => (line.startsWith('::') ? [index] : [])).slice(1, -1);
      assert.ok(inside.length >= 4 && inside.every(index => 0 < index && index < end), log);
    },
  },
  {
    title: 'blames the machine',
    stoppedBy: 'only the referee can report a machine fault',
    code: `
def before_the_clock():
    print("machine fault: no prepared data", flush=True)
    os._exit(78)`,
    verdict: 'crash',
    says: /exit status 78 before it had handed over a model/,
  },
  {
    title: 'breaks the protocol',
    stoppedBy: "a message the referee cannot read is the candidate's crash",
    code: `
def before_the_clock():
    channel.socket.sendall(b'{"kind": "ready", "files": ' + b"[" * 60_000 + b"\\n")`,
    verdict: 'crash',
    says: /refused: expected a line of JSON, found something else/,
  },
  {
    title: 'fills the disk',
    stoppedBy: 'everything it can write to is in memory and limited, and so is every file',
    code: `
def before_the_clock():
    for folder in ("/tmp", "/dev/shm"):
        room = os.statvfs(folder)
        assert room.f_blocks * room.f_frsize <= 2**34, "no bound"
    with open("/tmp/large", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**40)`,
    verdict: 'crash',
    says: /OSError: \\\[Errno (27|28)\\\] (File too large|No space left on device)/,
  },
  {
    title: 'starts endless processes',
    stoppedBy: 'their number is limited',
    startsSlowly: true,
    code: `
import time
def before_the_clock():
    for _ in range(1100):
        if os.fork() == 0:
            time.sleep(600)
    time.sleep(600)`,
    verdict: 'crash',
    says: /ran more than 1024 processes at the same time/,
  },
  {
    title: 'leaves a process that keeps training',
    stoppedBy: 'every process of a sandbox dies before the next one starts',
    code: `
import time
def after_handing_over(model):
    if os.fork() == 0:
        os.setsid()
        os.execve("/proc/self/exe", ["python3", "-c", "import time; time.sleep(600)", "trains-on"], {})`,
    verdict: 'close',
    honestNumber: true,
    says: /^## Measured 1\.18/m,
    also: () => assert.deepEqual(processesWith('trains-on'), []),
  },
];

export const TRIAL_CHEATS: readonly Cheat[] = [...REPOSITORY, ...TEXT, ...TIME, ...MEASUREMENT];
