"""One measurement: train in an untrusted process, freeze what it hands over, score it, and audit the score."""

import contextlib
import dataclasses
import hashlib
import math
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import audit
import dataset
from candidate import Candidate, Crash
from dataset import MachineFault, Text
from preview import Preview, Stopped
from scoring import Answer, bits_per_byte, read_answer, read_exactly
from wire import (
    MAX_FILE_BYTES,
    PROTOCOL,
    Refused,
    answer_layout,
    blank,
    copy_file,
    pack_vocabulary,
    sealed,
    unpack_vocabulary,
)

MAX_VOCABULARY_BYTES = 2**26
GRACE_S, GRACE_SHARE = 1.0, 0.02  # Grace for the last step and the hand-over: seconds, and share of the budget.
STARTUP_FACTOR = 1.25  # Start-up beyond this multiple of the champion's is charged to the budget.
SHOW_EVERY_S = 0.4


@dataclass(frozen=True)
class Options:
    """The referee's settings; times in seconds."""

    command: Sequence[str]
    data: Path
    wrap: Sequence[str] = ()
    seed: int = 1337
    budget: float = 300.0
    startup: float = 180.0
    scoring: float = 180.0
    champion_startup: float = math.inf
    threshold: float = -math.inf  # An unaudited number below this is audited.
    audited: bool = False  # Whether it is always audited.
    champion_nats: np.ndarray | None = None  # (bytes of val,): their cost to the champion; half the sample follows it.
    preview_at: float = 1.0  # Share of the budget after which the preview is taken; 1: never.
    stop_above: float = math.inf  # A preview above this ends the training.
    device: str = "cpu"


@dataclass(frozen=True)
class Frozen:
    """A copy of what was handed over: nothing the candidate does later changes it."""

    weights: bytearray
    vocabulary: list[bytes]
    precision: str


@dataclass
class Result:
    """Read by src/trial. Numbers are in bits per byte, seconds, MiB."""

    outcome: dict | None = None
    preview: float | None = None  # The training loss that the candidate reported at `preview_at`.
    val_bpb: float | None = None  # As claimed by the training process: verified to be a code, not audited.
    audited: dict | None = None
    test_bpb: float | None = None
    training_seconds: float = 0.0
    startup_seconds: float = 0.0
    scoring_seconds: float = 0.0
    audit_seconds: float = 0.0
    total_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    weights_sha256: str | None = None
    device: str = ""
    stats: dict = dataclasses.field(default_factory=dict)  # Reported by the candidate.
    nats: np.ndarray | None = None  # (bytes of val,): what each costs, after an audit.


def measure(options: Options) -> Result:
    """Takes one measurement. Never raises because of a candidate, or a machine that is not set up."""
    result = Result(device=options.device)
    began = time.monotonic()
    try:
        dataset.read_manifest(options.data)
        prepared = dataset.read_vocabulary(options.data)
        val = dataset.held_out_windows(options.data, prepared, "val", options.device)
        frozen = train(options, prepared, val, result)
        if options.audited or result.val_bpb < options.threshold:
            test = dataset.held_out_windows(options.data, prepared, "test", options.device)
            check(options, prepared, frozen, val, test, result)
        value = result.audited["val_bpb"] if result.audited else result.val_bpb
        result.outcome = {"status": "measured", "value": value}
    except Stopped:
        share = min(1.0, result.training_seconds / options.budget)
        result.outcome = {"status": "stopped", "value": result.preview, "at": share}
    except Crash as crash:
        text = crash.traceback[-4000:]
        result.outcome = {"status": "crash", "reason": crash.reason, "message": crash.message, "traceback": text}
    except MachineFault as fault:
        result.outcome = {"status": "fault", "message": fault.message[:500]}
    except Exception as error:  # Not because of something a candidate sent: `started` turns that into a Crash.
        fault = MachineFault(f"the referee failed: {type(error).__name__}: {error}")
        result.outcome = {"status": "fault", "message": fault.message[:500]}
    result.total_seconds = time.monotonic() - began
    return result


@contextlib.contextmanager
def started(options: Options, result: Result) -> Iterator[Candidate]:
    """A candidate process. Anything that fails because of what it sent is raised as its Crash."""
    candidate = Candidate(options.command, options.wrap, echo=lambda line: print(line, flush=True))
    try:
        yield candidate
    except Stopped:
        raise
    except Refused as error:
        raise _blame(candidate, Crash("exception", f"refused: {error}")) from error
    except Crash as crash:
        raise _blame(candidate, crash) from None
    except Exception as error:
        if not candidate.greeted or isinstance(error, OSError):
            raise
        name = type(error).__name__
        raise _blame(candidate, Crash("exception", f"the referee cannot use what was sent ({name})")) from error
    finally:
        candidate.kill()
        result.peak_memory_mb = max(result.peak_memory_mb, candidate.peak_mb)


def _blame(candidate: Candidate, crash: Crash) -> Crash:
    crash.traceback = "" if candidate.muted else "\n".join(candidate.tail)
    return crash


def greet(candidate: Candidate, options: Options, prepared: list[bytes], role: str) -> float:
    """From hello to ready: the candidate builds and compiles, and has seen no text yet. Returns the seconds it took."""
    limit, why = options.startup, ""
    unpaid = STARTUP_FACTOR * options.champion_startup + options.budget
    if role == "train" and unpaid < limit:  # Once the whole budget is charged, there is nothing left to wait for.
        limit, why = unpaid, ", which used up the budget"
    deadline = candidate.born + limit
    late = f"not ready within {limit:.3g} s of start-up{why}"
    hello, _ = candidate.expect(["hello"], deadline, late)
    if hello["protocol"] != PROTOCOL:
        raise Refused(f"expected protocol {PROTOCOL}, got {hello['protocol']}")
    candidate.tell(
        "setup",
        [sealed(pack_vocabulary(prepared))],
        role=role,
        seed=options.seed,
        budget_s=options.budget,
        startup_s=options.startup,
        device=options.device,
        window=dataset.WINDOW,
    )
    candidate.expect(["ready"], deadline, late)
    seconds = time.monotonic() - candidate.born
    if seconds >= limit:
        raise Crash("timeout", late)
    return seconds


def train(options: Options, prepared: list[bytes], val: Text, result: Result) -> Frozen:
    """Lets the candidate train, freezes what it hands over, and reads its claimed score, verified as a code."""
    with started(options, result) as candidate:
        text = dataset.training_text(options.data, prepared, options.seed)
        files = [sealed(text.text), sealed(text.offsets), sealed(text.tokens)]  # Copied before the clock starts.
        result.startup_seconds = greet(candidate, options, prepared, "train")
        budget = options.budget - max(0.0, result.startup_seconds - STARTUP_FACTOR * options.champion_startup)

        began = time.monotonic()
        candidate.tell("go", files, budget_s=budget)
        deadline = began + budget + GRACE_S + GRACE_SHARE * budget
        late = f"had not handed over its model {deadline - began:.1f} s after the clock started"
        hear = progress_listener(began, budget, options, result)
        done, handed = candidate.expect(["done"], deadline, late, on_progress=hear)
        frozen = freeze(done, handed, deadline, late)
        result.training_seconds = time.monotonic() - began
        result.stats = done["stats"]
        result.peak_memory_mb = max(0.0, done["stats"].get("peak_vram_mb", 0.0))
        result.weights_sha256 = hashlib.sha256(frozen.weights).hexdigest()

        began = time.monotonic()
        answer = score_windows(candidate, val, frozen, began + options.scoring)
        result.scoring_seconds = time.monotonic() - began
    result.val_bpb = bits_per_byte(float(answer.nats.sum()), len(val.text))
    return frozen


def freeze(done: dict, handed: list[int], deadline: float, late: str) -> Frozen:
    """Copies weights and vocabulary before the deadline."""

    def stop() -> None:
        if time.monotonic() > deadline:
            raise Crash("timeout", late)

    try:
        if len(handed) != 2:
            raise Refused(f"expected weights and vocabulary with done, got {len(handed)} descriptors")
        weights = copy_file(handed[0], MAX_FILE_BYTES, stop)
        vocabulary = unpack_vocabulary(copy_file(handed[1], MAX_VOCABULARY_BYTES, stop))
    finally:
        for file in handed:
            os.close(file)
    return Frozen(weights, vocabulary, done["precision"])


def score_windows(candidate: Candidate, windows: Text, frozen: Frozen, deadline: float) -> Answer:
    """Hands over the windows, and reads the answer once the process is dead."""
    rows = len(windows.offsets) - 1
    answer = blank(answer_layout(rows, len(windows.text))[1])
    try:
        files = [sealed(windows.text), sealed(windows.offsets), sealed(windows.tokens), os.dup(answer)]
        candidate.tell("score", files, rows=rows, width=windows.tokens.shape[1])
        candidate.expect(["scored", "failed"], deadline, "had not scored the held-out text in time")
        candidate.kill()
        return read_answer(answer, windows, frozen.vocabulary)
    finally:
        os.close(answer)


def check(options: Options, prepared: list[bytes], frozen: Frozen, val: Text, test: Text, result: Result) -> None:
    """The audit, on the frozen weights: one process scores both held-out sets, another predicts blind."""
    began = time.monotonic()
    windows, places = dataset.shuffled_together(val, test, secrets.randbits(64))
    eligible = np.flatnonzero(places < len(val.tokens))
    with scorer(options, prepared, frozen, "bulk", result) as candidate:
        bulk = score_windows(candidate, windows, frozen, time.monotonic() + options.scoring)
    of_val = np.isin(np.repeat(np.arange(len(bulk.counts)), bulk.counts), eligible)
    result.test_bpb = bits_per_byte(float(bulk.nats[~of_val].sum()), len(test.text))

    most = min(audit.MAX_POSITIONS, max(1, audit.MAX_CELLS // len(frozen.vocabulary)))
    weight = audit.weights_of_bytes(options.champion_nats, val, windows, places)
    drawn = audit.draw(np.random.default_rng(secrets.randbits(128)), bulk, windows, eligible, weight, most)
    rows = audit.prefixes(bulk, drawn)
    size = 4 * len(rows) * len(frozen.vocabulary)
    answer = blank(size)
    try:
        with scorer(options, prepared, frozen, "blind", result) as candidate:
            files = [sealed(drawn.position), sealed(rows), os.dup(answer)]
            candidate.tell("score", files, rows=len(rows), width=rows.shape[1])
            late = "had not predicted blind in time"
            candidate.expect(["scored", "failed"], time.monotonic() + options.scoring, late)
            candidate.kill()
            blind = audit.blind_nats(read_exactly(answer, size), bulk, drawn, len(frozen.vocabulary))
    finally:
        os.close(answer)
    found = audit.correct(bulk, drawn, blind, eligible, len(val.text), frozen.precision)
    result.audited = dataclasses.asdict(found)
    result.nats = audit.nats_of_bytes(bulk, windows, np.argsort(places)[: len(val.tokens)])
    result.audit_seconds = time.monotonic() - began


@contextlib.contextmanager
def scorer(options: Options, prepared: list[bytes], frozen: Frozen, role: str, result: Result) -> Iterator[Candidate]:
    """A fresh process with the frozen weights; it trains on nothing."""
    with started(options, result) as candidate:
        greet(candidate, options, prepared, role)
        files = [sealed(frozen.weights), sealed(pack_vocabulary(frozen.vocabulary))]
        candidate.tell("go", files, budget_s=0.0)
        yield candidate


def progress_listener(began: float, budget: float, options: Options, result: Result):
    """Handles progress messages: shows them, and takes the preview, which may end the training."""
    show = progress_printer(began + budget)
    preview = Preview(options.preview_at, options.stop_above)

    def hear(message: dict) -> None:
        show(message)
        result.training_seconds = time.monotonic() - began
        try:
            preview.take(result.training_seconds / budget, message["bpb"])
        finally:
            result.preview = preview.value

    return hear


def progress_printer(end: float):
    """Prints the candidate's progress messages, a few a second at most."""
    shown = -math.inf

    def show(message: dict) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < SHOW_EVERY_S:
            return
        shown = now
        loss = "nan" if message["loss"] is None else f"{message['loss']:.4f}"
        print(f"step {message['step']}  loss {loss}  {max(0.0, end - now):.1f} s left", flush=True)

    return show
