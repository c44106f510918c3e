"""One measurement: train in a process that is not trusted, freeze what it hands over, score it, and audit the score.

Four processes of the candidate's, each in a sandbox of its own: one trains and never sees held-out text; one scores
the validation text; where that is promising, one predicts blind, and one scores the test text with some windows that
were scored before. The last three are sealed (seal.py) before they are shown any text.
"""

import contextlib
import dataclasses
import hashlib
import math
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import audit
import cut
import dataset
import gpu_memory
from candidate import Candidate, Crash
from clock import Deadline, Machine, counts_cpu_seconds
from dataset import Busy, MachineFault
from preview import Preview, Stopped
from scoring import Rows, bits_per_byte, chosen_rows, cut_rows, joined, read_exactly, read_nats
from wire import (
    MAX_FILE_BYTES,
    MOST,
    PROTOCOL,
    Refused,
    blank,
    copy_file,
    discard,
    pack_vocabulary,
    sealed,
    unpack_vocabulary,
)

MAX_VOCABULARY_BYTES = 2**26
GRACE_S, GRACE_SHARE = 1.0, 0.02  # Grace for the last step and the hand-over: seconds, and share of the budget.
STARTUP_FACTOR = 1.25  # Start-up beyond this multiple of the champion's is charged to the budget.
# For a process that only scores to have loaded its model, beyond so many times the start-up: seconds, and share of the
# budget. Nobody pays for that time, so it must not be worth training in.
LOADING_S, LOADING_SHARE = 3.0, 0.02
MOST_PAUSE_S = 1.0  # Between two processes that see text, at random: the time at which one ends tells the next nothing.
SHOW_EVERY_S = 0.4


@dataclass(frozen=True)
class Options:
    """The referee's settings; times in seconds by `clock`."""

    command: Sequence[str]
    data: Path
    wrap: Sequence[str] = ()
    seed: int = 1337
    budget: float = 300.0
    clock: str = "wall"  # Or "cpu": CPU seconds of the candidate's processes, where the device is a CPU.
    startup: float = 180.0
    scoring: float = 180.0
    timeout: float = math.inf  # For everything together, by the wall clock.
    ends: float = math.inf  # When that is over (monotonic); set by `measure`.
    champion_startup: float = math.inf
    threshold: float = -math.inf  # An unaudited number below this is audited.
    audited: bool = False  # Whether it is always audited.
    champion_nats: np.ndarray | None = None  # (bytes of val,): their cost to the champion; None where it is not known.
    preview_at: float = 1.0  # Share of the budget after which the preview is taken; 1: never.
    stop_above: float = math.inf  # A preview above this ends the training.
    device: str = "cpu"

    @property
    def in_cpu_seconds(self) -> bool:
        """Whether time is counted in CPU seconds."""
        return self.clock == "cpu" and counts_cpu_seconds(self.device)


@dataclass(frozen=True)
class Frozen:
    """A copy of what was handed over: nothing the candidate does later changes it."""

    weights: bytearray
    vocabulary: list[bytes]


@dataclass
class Result:
    """Read by src/trial. Numbers are in bits per byte, seconds, MiB."""

    outcome: dict | None = None
    preview: float | None = None  # The training loss that the candidate reported at `preview_at`.
    val_bpb: float | None = None  # As claimed by the process that scored it; not audited.
    audited: dict | None = None
    test_bpb: float | None = None
    clock: str = "wall"  # What the next three are counted in.
    training_seconds: float = 0.0
    startup_seconds: float = 0.0
    scoring_seconds: float = 0.0
    audit_seconds: float = 0.0
    total_seconds: float = 0.0  # By the wall clock.
    conditions: dict | None = None  # Of the training, as seen from outside: see Machine.conditions.
    peak_memory_mb: float = 0.0
    seen: dict[str, float | None] = dataclasses.field(default_factory=dict)  # Of the training, from outside.
    weights_sha256: str | None = None
    device: str = ""
    stats: dict = dataclasses.field(default_factory=dict)  # Reported by the candidate.
    nats: np.ndarray | None = None  # (bytes of val,): what each costs, after an audit.


def measure(options: Options) -> Result:
    """Takes one measurement. Never raises because of a candidate, or a machine that is not set up."""
    result = Result(device=options.device, clock="cpu" if options.in_cpu_seconds else "wall")
    began = time.monotonic()
    options = dataclasses.replace(options, ends=began + options.timeout)
    try:
        dataset.read_manifest(options.data)
        prepared = dataset.read_vocabulary(options.data)
        most = dataset.most_windows(options.device, options.budget)
        texts = [dataset.held_out_windows(options.data, prepared, split, most) for split in ("val", "test")]
        frozen = train(options, prepared, result)
        question = Question(options, prepared, frozen, *(cut_rows(frozen.vocabulary, text) for text in texts))
        claimed = score(question, result)
        if options.audited or result.val_bpb < options.threshold:
            known = options.champion_nats
            if known is None or len(known) != len(texts[0].text):
                known = dataset.simple_nats(options.data, prepared, texts[0])
            check(question, known, claimed, result)
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
def started(options: Options, result: Result, sealable: bool) -> Iterator[Candidate]:
    """A candidate process. Anything that fails because of what it sent is raised as its Crash."""
    show = partial(print, flush=True)
    candidate = Candidate(options.command, options.wrap, show, options.ends, sealable, options.in_cpu_seconds)
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
        if not sealable:  # What a process that sees held-out text uses could tell of it.
            result.peak_memory_mb = max(result.peak_memory_mb, candidate.peak_mb)
            result.seen["peak_memory_mb"] = candidate.peak_mb
            if options.device != "cuda":
                result.seen["peak_vram_mb"] = candidate.peak_mb


def _blame(candidate: Candidate, crash: Crash) -> Crash:
    crash.traceback = "" if candidate.muted else "\n".join(candidate.tail)
    return crash


def greet(candidate: Candidate, options: Options, prepared: list[bytes], role: str, limit: float, why: str) -> float:
    """From hello to ready: the candidate builds and compiles, and has seen no text yet. Returns the seconds it took."""
    deadline = candidate.clock.after(limit, candidate.born)
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
        clock="cpu" if options.in_cpu_seconds else "wall",
        startup_s=options.startup,
        device=options.device,
        window=dataset.WINDOW,
    )
    candidate.expect(["ready"], deadline, late)
    seconds = candidate.clock.now() - candidate.born
    if seconds >= limit:
        raise Crash("timeout", late)
    return seconds


def train(options: Options, prepared: list[bytes], result: Result) -> Frozen:
    """Lets the candidate train, and freezes what it hands over. This process never sees held-out text."""
    with started(options, result, sealable=False) as candidate:
        text = dataset.training_text(options.data, prepared, options.seed)
        files = [sealed(text.text), sealed(text.offsets), sealed(text.tokens)]  # Copied before the clock starts.
        limit, why = options.startup, ""
        unpaid = STARTUP_FACTOR * options.champion_startup + options.budget
        if unpaid < limit:  # Once the whole budget is charged, there is nothing to wait for.
            limit, why = unpaid, ", which used up the budget"
        result.startup_seconds = greet(candidate, options, prepared, "train", limit, why)
        budget = options.budget - max(0.0, result.startup_seconds - STARTUP_FACTOR * options.champion_startup)

        most = budget + GRACE_S + GRACE_SHARE * budget
        late = f"had not handed over its model {most:.1f}{' CPU' * options.in_cpu_seconds} s after the clock started"
        began, deadline = candidate.clock.now(), candidate.clock.after(most)
        machine = Machine(candidate.process.pid)
        candidate.tell("go", files, budget_s=budget, width=0)
        hear = progress_listener(candidate, began, budget, options, result)
        try:
            with gpu_memory.watched(options.device) as peak:
                done, handed = candidate.expect(["done"], deadline, late, on_progress=hear)
                frozen = freeze(candidate, handed, deadline, late)
        finally:
            result.conditions = machine.conditions()
        result.training_seconds = candidate.clock.now() - began
        result.stats = done["stats"]
        result.peak_memory_mb = max(0.0, done["stats"].get("peak_vram_mb", 0.0))
        result.seen["weights_mb"] = len(frozen.weights) / 2**20
        if options.device == "cuda":
            result.seen["peak_vram_mb"] = peak.mb
        result.weights_sha256 = hashlib.sha256(frozen.weights).hexdigest()
    return frozen


def freeze(candidate: Candidate, handed: list[int], deadline: Deadline, late: str) -> Frozen:
    """Copies weights and vocabulary before the deadline."""

    def stop() -> None:
        if candidate.clock.left(deadline) <= 0:
            raise candidate.too_late(deadline, late)

    try:
        if len(handed) != 2:
            raise Refused(f"expected weights and vocabulary with done, got {len(handed)} descriptors")
        weights = copy_file(handed[0], MAX_FILE_BYTES, stop)
        vocabulary = unpack_vocabulary(copy_file(handed[1], MAX_VOCABULARY_BYTES, stop))
    finally:
        discard(handed)
    problem = cut.why_unusable(vocabulary)
    if problem:
        raise Refused(problem)
    return Frozen(weights, vocabulary)


@dataclass(frozen=True)
class Question:
    """What the frozen model is asked about."""

    options: Options
    prepared: list[bytes]
    frozen: Frozen
    val: Rows
    test: Rows

    @property
    def width(self) -> int:
        """Tokens of the longest window: every answer has the same shape, so that a model rounds alike in all."""
        return int(max(self.val.counts.max(), self.test.counts.max()))

    @property
    def most_positions(self) -> int:
        """Blind predictions by one process, at most."""
        return min(audit.MAX_POSITIONS, max(1, audit.MAX_CELLS // len(self.frozen.vocabulary)))


def score(question: Question, result: Result) -> np.ndarray:
    """Asks for the whole validation text in bulk. Returns the nats claimed for each token."""
    claimed, result.scoring_seconds = ask_bulk(question, question.val, result)
    result.val_bpb = bits_per_byte(float(claimed.sum()), question.val.text_bytes)
    return claimed


def check(question: Question, champion: np.ndarray, claimed: np.ndarray, result: Result) -> None:
    """The audit. Whatever fails from here on, after a claim was made, is a flag: a person has to look at it.

    champion: (bytes of val,) nats, what each costs the champion or, where that is not known, a simple model.
    """
    began = time.monotonic()
    random = np.random.default_rng(secrets.randbits(128))
    found = audit.Audit(result.val_bpb, 1, math.inf, math.inf, math.inf, math.inf)
    flags = []
    try:
        weight = audit.weights_of_tokens(champion, question.val)
        found = check_blind(question, weight, claimed, random, result)
        flags = found.flags
        flags += check_suspicious(question, weight, claimed, random, result)
    except Crash as crash:
        flags.append(f"the process that was asked blind failed: {crash.message.split('; ')[0]}"[:200])
    try:
        flags += check_company(question, claimed, random, result)
    except Crash as crash:
        flags.append(f"the process that was asked in other company failed: {crash.message.split('; ')[0]}"[:200])
    result.audited = dataclasses.asdict(dataclasses.replace(found, flags=flags))
    if not abs(found.val_bpb) <= MOST:
        result.audited["val_bpb"] = result.val_bpb
    result.nats = audit.nats_of_bytes(question.val, claimed)
    result.audit_seconds = time.monotonic() - began


def check_blind(
    question: Question, weight: np.ndarray, claimed: np.ndarray, random: np.random.Generator, result: Result
) -> audit.Audit:
    """Asks blind at positions that no claim has influenced, which give the deciding number."""
    val = question.val
    drawn = audit.draw(random, val, weight, question.most_positions)
    return audit.correct(val, claimed, drawn, ask_blind(question, drawn, result), question.options.device)


def check_suspicious(
    question: Question, weight: np.ndarray, claimed: np.ndarray, random: np.random.Generator, result: Result
) -> list[str]:
    """Asks blind where most is claimed to be gained over the champion."""
    val = question.val
    drawn = audit.draw_suspicious(random, val, np.maximum(weight - claimed, 0.0), question.most_positions)
    return audit.compare_blind(val, claimed, drawn, ask_blind(question, drawn, result), question.options.device)


def check_company(question: Question, claimed: np.ndarray, random: np.random.Generator, result: Result) -> list[str]:
    """Scores the test text, and some windows of the validation text among it: they must cost what they cost before."""
    val, test = question.val, question.test
    again = audit.draw_company(random, len(val.counts))
    together = joined(test, chosen_rows(val, again))
    order = random.permutation(len(together.counts))
    nats, _ = ask_bulk(question, chosen_rows(together, order), result)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    shuffled = together.counts[order]
    starts = (np.cumsum(shuffled) - shuffled)[place]
    in_order = np.concatenate([nats[s : s + c] for s, c in zip(starts, together.counts, strict=True)])
    result.test_bpb = bits_per_byte(float(in_order[: len(test.ids)].sum()), test.text_bytes)
    before = np.concatenate([claimed[s : s + c] for s, c in zip(val.starts[again], val.counts[again], strict=True)])
    return audit.compare_company(before, in_order[len(test.ids) :], question.options.device)


def ask_blind(question: Question, drawn: audit.Drawn, result: Result) -> np.ndarray:
    """Asks for the next token at drawn positions, by a process that sees nothing from there on. Returns (n,) nats."""
    val, vocabulary = question.val, question.frozen.vocabulary
    asked = audit.prefixes(val, drawn, question.width)
    size = 4 * len(asked) * len(vocabulary)
    with scorer(question, "blind", result) as candidate:
        arrays = [drawn.position, asked]
        content = ask(candidate, question.options, arrays, size, rows=len(asked), width=question.width)
        return audit.blind_nats(content, val, drawn, len(vocabulary))


def ask_bulk(question: Question, rows: Rows, result: Result) -> tuple[np.ndarray, float]:
    """Asks what each token of the rows costs. Returns (tokens,) float64, in nats, and the seconds that it took."""
    with scorer(question, "bulk", result) as candidate:
        arrays = [rows.counts.astype("<i4"), rows.ids.astype("<i4")]
        size = 8 * len(rows.ids)
        content = ask(candidate, question.options, arrays, size, rows=len(rows.counts), width=question.width)
        return read_nats(content), candidate.seconds


def ask(candidate: Candidate, options: Options, arrays: list[np.ndarray], size: int, rows: int, width: int) -> bytes:
    """Seals the process, hands over the arrays, and reads the answer of `size` bytes when the process is dead."""
    answer = blank(size)
    try:
        time.sleep(MOST_PAUSE_S * secrets.randbelow(1000) / 1000)
        candidate.seal()
        candidate.tell("score", [*map(sealed, arrays), os.dup(answer)], rows=rows, width=width)
        deadline = candidate.clock.after(options.scoring)
        candidate.expect(["scored", "failed"], deadline, "had not answered about the held-out text in time")
        candidate.kill()
        return read_exactly(answer, size)
    finally:
        os.close(answer)


@contextlib.contextmanager
def scorer(question: Question, role: str, result: Result) -> Iterator[Candidate]:
    """A fresh process with the frozen weights, loaded and ready to be asked; it trains on nothing.

    One that is late is tried once more: it has seen no text yet, and the machine may have been busy.
    """
    options = question.options
    for is_last in (False, True):
        with started(options, result, sealable=True) as candidate:
            try:
                load(candidate, question, role, result.startup_seconds)
            except (Crash, Busy) as late:
                if is_last or (isinstance(late, Crash) and late.reason != "timeout"):
                    raise
                continue
            yield candidate
            return


def load(candidate: Candidate, question: Question, role: str, startup: float) -> None:
    """From its start to a loaded model. startup: seconds that the training process needed to start."""
    options = question.options
    free = min(max(startup, options.champion_startup), STARTUP_FACTOR * options.champion_startup)  # Not charged.
    limit = min(options.startup, STARTUP_FACTOR * free + LOADING_S + LOADING_SHARE * options.budget)
    greet(candidate, options, question.prepared, role, limit, ", to score")
    files = [sealed(question.frozen.weights), sealed(pack_vocabulary(question.frozen.vocabulary))]
    candidate.tell("go", files, budget_s=0.0, width=question.width)
    late = f"had not loaded its model within {limit:.3g} s, to score"
    candidate.expect(["loaded", "failed"], candidate.clock.after(limit, candidate.born), late)


def progress_listener(candidate: Candidate, began: float, budget: float, options: Options, result: Result):
    """Handles progress messages: shows them, and takes the preview, which may end the training."""
    show = progress_printer(candidate, began + budget)
    preview = Preview(options.preview_at, options.stop_above)

    def hear(message: dict) -> None:
        show(message)
        result.training_seconds = candidate.clock.now() - began
        try:
            preview.take(result.training_seconds / budget, message["bpb"])
        finally:
            result.preview = preview.value

    return hear


def progress_printer(candidate: Candidate, end: float):
    """Prints the candidate's progress messages, a few a second at most. end: on its clock."""
    unit = "CPU s" if candidate.clock.in_cpu_seconds else "s"
    shown = -math.inf

    def show(message: dict) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < SHOW_EVERY_S:
            return
        shown = now
        loss = "nan" if message["loss"] is None else f"{message['loss']:.4f}"
        print(
            f"step {message['step']}  loss {loss}  {max(0.0, end - candidate.clock.now()):.1f} {unit} left", flush=True
        )

    return show
