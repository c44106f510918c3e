"""The candidate's side of the conversation with the referee: device, batches, hand-over. Experiments never edit it.

    run = prepare.connect()                             # run by hand, starts its own referee
    for x, y in run.batches(batch_size, seq_len): ...   # ends when the budget is used up
    run.finish(model, log_probs)                        # hands the model over and answers the referee

The same script also runs when a model is only scored or audited: then the loop is empty and the weights are loaded.
As a program it prepares the text, once: `python trainer/prepare.py --help`.
"""

import math
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

# Threads that wait for each other must sleep, not spin: with other busy processes, spinning made steps on two cores
# ten times slower. The OpenMP runtime reads this when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

import answers
import cut
import devices
import hardware
import weights
import wire

BOS = 0  # Token that starts every training row and every window.
REPORT_EVERY_S = 0.5

LogProbs = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]


class Run:
    """One run of the script: what a candidate may know and do. Made by `connect`."""

    def __init__(self, channel: wire.Channel, setup: dict, vocabulary: list[bytes]):
        self.device = torch.device(setup["device"])
        self.preset = hardware.preset(self.device)  # Sizes for the device: cpu, mac, gpu-8gb, gpu-24gb or gpu-80gb.
        self.bf16 = hardware.multiplies_bfloat16(self.device)  # Whether bfloat16 matrix multiplication is faster.
        self.seed = setup["seed"]
        self.budget = setup["budget_s"]  # Seconds of training: CPU seconds of all threads, or by the wall clock.
        self._in_cpu_seconds = setup["clock"] == "cpu"
        self.window = setup["window"]  # Longest sequence that `log_probs` is given, with the prepared tokenizer.
        self.vocabulary = vocabulary  # The bytes of each id of the prepared tokenizer; BOS has none.
        self.vocab_size = len(vocabulary)
        self.training = setup["role"] == "train"  # If false, a trained model is only scored: no need to compile steps.
        self._blind = setup["role"] == "blind"
        self._channel = channel
        self._files: list[int] | None = None  # What came with the start; None before it.
        self._began: float | None = None
        self._training_s = 0.0
        self._waited_s = 0.0  # Part of it that the device was idle, waiting for the next batch.
        self._batches = 0
        self._tokens_seen = 0
        self._seq_len = 0
        self._own_tokens = True  # Until `batches` cuts rows from the prepared tokens.
        self._losses: torch.Tensor | float = 0.0  # Sum over the steps since the last report, in nats per token.
        self._losses_in_sum = 0
        self._reported = -math.inf

    def _now(self) -> float:
        return time.process_time() if self._in_cpu_seconds else time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the clock started; 0 before the first batch."""
        return 0.0 if self._began is None else self._now() - self._began

    @property
    def progress(self) -> float:
        """Share of the budget used so far, 0 to 1. Schedules depend on this."""
        return min(1.0, self.elapsed / self.budget) if self.budget > 0 else 1.0

    def documents(self) -> Iterator[bytes]:
        """Starts the clock and yields the training documents, for scripts with their own tokenizer."""
        self._start()
        if not self.training:
            return
        text = bytes(wire.read_array(self._files[0], "u1", -1))
        offsets = wire.read_array(self._files[1], "<i8", -1)
        for start, end in pairwise(offsets):
            yield text[start:end]

    def batches(
        self, batch_size: int, seq_len: int, tokens: np.ndarray | None = None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yields (x, y), int64 of shape (batch_size, seq_len) on the device, until the budget is over.

        Every row is a stretch of training text behind a BOS token; y is x shifted by one. Every stretch is used once,
        in an order set by the seed, before any is repeated. The clock starts at the first batch.
        tokens: (n,) the candidate's own tokens of the training text; by default the prepared ones.
        """
        self._start()
        if not self.training:
            return
        self._seq_len = seq_len
        self._own_tokens = tokens is not None
        rows = self._rows(self._tokens if tokens is None else tokens, batch_size, seq_len)
        batch = self._to_device(next(rows))
        self._waited_s = self.elapsed
        earlier, latest = None, None  # Ends of the last two steps; a GPU may lag one behind, so that it is never idle.
        while self.elapsed < self.budget:
            began = self._now()
            current, batch = batch, self._to_device(next(rows))
            if latest is None or latest.query():
                self._waited_s += self._now() - began
            yield current
            self._batches += 1
            self._tokens_seen += batch_size * seq_len
            earlier, latest = latest, hardware.mark(self.device)
            if earlier is not None:
                earlier.synchronize()
        if latest is not None:
            latest.synchronize()
        self._training_s = self.elapsed

    def report(self, step: int, loss: torch.Tensor | float) -> None:
        """Reports the loss (nats per token) at most twice a second, as the mean over the steps since the last report.

        People see it. In bits per byte, the referee uses it to decide whether the trial is worth finishing.
        """
        self._losses = self._losses + (loss.detach() if isinstance(loss, torch.Tensor) else loss)
        self._losses_in_sum += 1
        now = time.monotonic()
        if now - self._reported < REPORT_EVERY_S:
            return
        value = float(self._losses) / self._losses_in_sum
        self._reported, self._losses, self._losses_in_sum = now, 0.0, 0
        loss = value if abs(value) <= wire.MOST else None
        bpb = None if loss is None or self._own_tokens else loss * self._bits_per_byte
        bpb = bpb if bpb is None or abs(bpb) <= wire.MOST else None
        self._channel.send("progress", step=step, tokens=self._tokens_seen, loss=loss, bpb=bpb)

    def finish(self, model: torch.nn.Module, log_probs: LogProbs, vocabulary: Sequence[bytes] | None = None) -> None:
        """Hands the model over, or loads it and answers the referee's question; the process ends here.

        log_probs(model, x) takes (B, T) int64 and returns (B, T, vocab) natural log-probabilities of each next token.
        vocabulary: the bytes of each id, for those who do not use the prepared one; `run.cutter` says how it cuts text.
        While a question is answered the process is sealed: it can compute, but open no file and start no process.
        """
        self._start()
        model.eval()
        if self.training:
            self.vocabulary = self.vocabulary if vocabulary is None else list(vocabulary)
            self._hand_over(model)
            sys.exit(0)
        weights.load(model, self._files[0])
        self.vocabulary = wire.unpack_vocabulary(wire.copy_file(self._files[1], wire.MAX_FILE_BYTES))
        predictor = answers.Predictor(model, log_probs, self.device, len(self.vocabulary))
        try:
            predictor.warm_up(self._width)
            self._channel.send("loaded")
            question, files = self._channel.receive("score")
            answer = answers.blind if self._blind else answers.bulk
            answer(question, files, predictor)
        except answers.Unable as error:
            self._channel.send("failed", reason=error.reason)
        else:
            self._channel.send("scored")
        os._exit(0)  # A sealed process has nothing to put away.

    @staticmethod
    def cutter(vocabulary: Sequence[bytes]) -> Callable[[bytes], list[int]]:
        """How the referee cuts text with a vocabulary: by merging bytes, lowest id first. Raises ValueError."""
        problem = cut.why_unusable(vocabulary)
        if problem:
            raise ValueError(problem)
        return cut.cutter(vocabulary)

    def _hand_over(self, model: torch.nn.Module) -> None:
        with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as words:
            weights.save(model, file)
            words.write(wire.pack_vocabulary(self.vocabulary))
            words.flush()
            files = [file.fileno(), words.fileno()]
            self._channel.send("done", files, stats=self._stats(model))

    def _stats(self, model: torch.nn.Module) -> dict[str, float]:
        """Shown to people. mfu_percent is computed from the model's `depth` and `width`; 0 if unknown."""
        parameters = sum(parameter.numel() for parameter in model.parameters())
        tables = {m.weight for m in model.modules() if isinstance(m, torch.nn.Embedding)}
        matrices = parameters - sum(table.numel() for table in tables)
        depth, width = (int(getattr(model, name, 0)) for name in ("depth", "width"))
        flops = devices.flops_per_token(matrices, depth, width, self._seq_len) * self._tokens_seen
        peak = hardware.peak_flops(self.device)
        return {
            "peak_vram_mb": hardware.peak_memory_mb(self.device),
            "mfu_percent": 100 * flops / max(self._training_s, 1e-9) / peak if peak else 0.0,
            "total_tokens_M": self._tokens_seen / 1e6,
            "num_steps": self._batches,
            "num_params_M": parameters / 1e6,
            "depth": depth,
            "steps_seconds": self._training_s - self._waited_s,
        }

    def _start(self) -> None:
        """Reports ready and waits for the clock; the text arrives when it starts. Later calls do nothing."""
        if self._files is not None:
            return
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        self._channel.send("ready")
        go, self._files = self._channel.receive("go")
        self._began = self._now()
        self.budget = go["budget_s"]
        self._width = go["width"]
        if self.training:
            self._tokens = wire.read_array(self._files[2], "<u2", -1)
            text_bytes = os.fstat(self._files[0]).st_size
            self._bits_per_byte = (
                len(self._tokens) / max(1, text_bytes) / math.log(2)
            )  # For a loss of one nat per token.

    def _rows(self, tokens: np.ndarray, batch_size: int, seq_len: int) -> Iterator[torch.Tensor]:
        """Yields (batch_size, seq_len + 1) int64 on the host: BOS, then seq_len tokens of text."""
        rng = np.random.default_rng(self.seed)
        stretches = len(tokens) // seq_len - 1
        if stretches < batch_size:
            raise ValueError(f"expected at most {stretches} rows of {seq_len} tokens in a batch, got {batch_size}")
        inside = np.arange(seq_len)
        while True:
            starts = rng.permutation(stretches) * seq_len + rng.integers(seq_len)
            for first in range(0, stretches - batch_size + 1, batch_size):
                rows = np.full((batch_size, seq_len + 1), BOS, dtype=np.int64)
                rows[:, 1:] = tokens[starts[first : first + batch_size, None] + inside]
                yield torch.from_numpy(rows)

    def _to_device(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self.device.type == "cuda":  # Copied while the device is still working on the previous batch.
            rows = rows.pin_memory().to(self.device, non_blocking=True)
        else:
            rows = rows.to(self.device)
        return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()


def connect() -> Run:
    """Greets the referee, seeds torch, chooses the device. Run by hand, the script first starts a referee."""
    number = os.environ.pop(wire.SOCKET_VARIABLE, None)
    if number is None:
        referee = str(Path(__file__).with_name("referee.py"))
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, referee, "--", sys.executable, *sys.argv])
    end = socket.socket(fileno=int(number))
    end.set_inheritable(False)
    channel = wire.Channel(end)
    channel.send("hello", protocol=wire.PROTOCOL)
    setup, (words,) = channel.receive("setup")
    vocabulary = wire.unpack_vocabulary(wire.copy_file(words, wire.MAX_FILE_BYTES))
    os.close(words)
    run = Run(channel, setup, vocabulary)
    hardware.settle(run.device, run.seed)
    return run


def main() -> None:
    """Prepares the data; options come from the command line."""
    from corpus import command

    command.main()


if __name__ == "__main__":
    main()
