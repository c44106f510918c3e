/** Cheats against the audit and the seal: to bring what one process has seen to another, to be late, or to put the blame elsewhere. */
import assert from 'node:assert/strict';
import type { Cheat } from './cheat.test-helper.ts';
import { honestNumber, numberOf } from './try.test-helper.ts';

/** A file of the machine, which every process of the candidate's can read. */
const FILE = '/usr/bin/env';

export const AUDIT_CHEATS: readonly Cheat[] = [
  {
    title: 'keeps a file open in a thread with descriptors of its own',
    stoppedBy: 'the seal: every thread is looked at, and no file of the machine may be open',
    code: `
import ctypes, threading, time
def before_loaded(model):
    opened = threading.Event()
    def apart():
        assert ctypes.CDLL(None).unshare(0x400) == 0
        os.open("${FILE}", os.O_RDONLY)
        opened.set()
        time.sleep(600)
    threading.Thread(target=apart, daemon=True).start()
    opened.wait()`,
    verdict: 'crash',
    says: /the process that is to see held-out text keeps \/usr\/bin\/env open; close files before `finish`/,
  },
  {
    title: 'sends itself a file, to receive it once it has seen the text',
    stoppedBy: 'the seal: the only socket is the conversation',
    code: `
def before_loaded(model):
    global pair
    pair = socket.socketpair()
    with open("${FILE}") as file:
        socket.send_fds(pair[0], [b"x"], [file.fileno()])`,
    verdict: 'crash',
    says: /the process that is to see held-out text keeps a socket open; close sockets before `finish`/,
  },
  {
    title: 'counts on, by memory that it shares, what the next process reads from the number of its own',
    stoppedBy: 'the seal: no memory for which the kernel makes a file',
    code: `
import mmap
def before_answering(role, files):
    for _ in range(1000):
        mmap.mmap(-1, 4096).close()`,
    verdict: 'crash',
    says: /ended while scoring, at train\.py line \d+; what it printed is not shown/,
  },
  {
    title: 'trains while its model is loaded',
    stoppedBy: 'a process that scores has little more than the start-up to load its model, twice',
    code: `
import time
def before_loaded(model): time.sleep(30)`,
    verdict: 'crash',
    says: /timeout[\s\S]*had not loaded its model within [\d.]+ s, to score/,
  },
  {
    title: 'answers before it is asked',
    stoppedBy: 'the audit: what costs nothing in bulk must cost nothing blind',
    code: `
def before_loaded(model):
    if role != "bulk":
        return
    channel.send("loaded")
    channel.send("scored")
    channel.receive("score")
    os._exit(0)`,
    verdict: 'flagged',
    says: /The audit disagrees:\*\* \d+ of 160 blind predictions differ by more than 0\.0001 nats/,
  },
  {
    title: 'takes as much off each token as an audit allows for rounding',
    stoppedBy: 'the audit corrects what it does not flag',
    code: `
honest = costs
def costs(model, rows): return np.maximum(honest(model, rows) - 9.9e-5, 0.0)`,
    verdict: 'close',
    says: /^## Measured 1\.18/m,
    also: ({ measurement }, scene) => {
      assert.ok((measurement.refereed?.claimed ?? 9) < honestNumber(scene) - 2e-5);
      assert.ok(Math.abs(numberOf(measurement) - honestNumber(scene)) < 5e-6);
    },
  },
  {
    title: 'forgives its costliest tokens where nobody has measured the champion',
    stoppedBy: 'the audit: pairs of tokens, counted in the training text, take the place of the champion',
    onAnotherMachine: true,
    code: `
honest = costs
def costs(model, rows):
    nats = honest(model, rows)
    nats[np.argsort(nats)[-len(nats) // 1000:]] = 0.0
    return nats`,
    verdict: 'flagged',
    says: /The audit disagrees:\*\* \d+ of 160 blind predictions differ by more than 0\.0001 nats/,
  },
  {
    title: 'hands over a socket that takes an hour to close',
    stoppedBy: 'what is not a file is closed beside the referee',
    code: `
import json, struct, time
def handed_over(model, vocabulary):
    listener = socket.create_server(("127.0.0.1", 0))
    end = socket.create_connection(listener.getsockname())
    accepted = listener.accept()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
    end.setblocking(False)
    try:
        while True:
            end.send(bytes(65536))
    except BlockingIOError:
        end.setblocking(True)
    line = json.dumps({"kind": "done", "files": 2, "stats": {}}).encode()
    words = wire.sealed(wire.pack_vocabulary(vocabulary))
    socket.send_fds(channel.socket, [line], [end.fileno(), words])
    os.close(end.detach())  # Before the line ends: who closes it last has to wait.
    channel.socket.send(b"\\n")
    time.sleep(600)`,
    verdict: 'crash',
    says: /refused: expected a regular file without other links, found something else/,
  },
  {
    title: 'declares a vocabulary that takes an hour to read',
    stoppedBy: 'the bytes of an id and the pairs that merge into one are bounded',
    code: `
honest = handed_over
def handed_over(model, vocabulary):
    return honest(model, [b"", *(bytes([byte]) for byte in range(256)), *(b"a" * n for n in range(2, 4000))])`,
    verdict: 'crash',
    says: /refused: expected ids of at most 128 bytes, found one of 3999/,
  },
  {
    title: 'leaves a child that has ended, so that a look at it fails',
    stoppedBy: 'who has ended holds nothing, and a look that fails is not the fault of the machine',
    code: `
import time
def before_loaded(model):
    if os.fork() == 0:
        os._exit(0)
    time.sleep(0.2)`,
    verdict: 'close',
    honestNumber: true,
    says: /^## Measured 1\.18/m,
  },
  {
    title: 'maps a file of its own and makes its name a pipe that nobody writes to',
    stoppedBy: 'the referee opens no name that a candidate can change',
    code: `
import mmap
def before_loaded(model):
    global mapped
    with open("/tmp/own", "w+b") as file:
        file.truncate(4096)
        mapped = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
    os.unlink("/tmp/own")
    os.mkfifo("/tmp/own (deleted)")`,
    verdict: 'close',
    honestNumber: true,
    says: /^## Measured 1\.18/m,
  },
];
