"""The fixed half of the trainer: data, device, clock and score. Experiments never edit this file.

As a program it prepares the data, once:

    python trainer/prepare.py --packages node_modules --lock package-lock.json --out .autoresearch/data

As a module it is everything that `train.py` gets to see:

    run = prepare.connect()
    for x, y in run.batches(batch_size, seq_len): ...   # ends when the budget is over
    run.finish(model, log_probs)                        # scores the model and prints the summary

A separate referee process may later stand behind these three calls; `train.py` will not notice.
"""

import argparse
import ctypes
import json
import math
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

# Threads that wait for each other must sleep, not spin: beside other busy processes, spinning made steps on two cores
# ten times slower. The OpenMP runtime reads this when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

FORMAT = 1  # Of the prepared data that this file reads.
BOS = 0  # Token that starts every window.
MACHINE_FAULT = 78  # Exit status: not the candidate's fault (EX_CONFIG).
DEFAULT_SEED = 1337
DEFAULT_BUDGET_S = 300.0
WINDOW = 256  # Tokens predicted in one held-out window.
# How many are scored, at most: bounded work for each kind of device.
WINDOWS = {"cpu": 160, "mps": 1024, "cuda": 4096}
SCORING_BATCH = {"cpu": 16, "mps": 32, "cuda": 64}
ROW_TOLERANCE = 1e-3  # How far the probabilities of one row may be from summing to one, in nats.
LEAK_WINDOWS = 4  # Windows on which it is tried whether predictions look ahead.
LEAK_TOLERANCE = 0.5  # How far a prediction may move, in nats, when later tokens change: rounding only.
MAX_CPU_THREADS = 8  # More threads than this only wait for each other at these model sizes.
SPARE_CPUS = 1  # Left to the rest of the machine, so that what else it does moves the score as little as possible.
REPORT_EVERY_S = 0.5
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # Parameters of glibc's mallopt.
# Dense bfloat16 operations a second, from the makers' data sheets; other devices report no utilisation.
PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "4090": 165e12}

LogProbs = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]


class MachineFault(SystemExit):
    """Something is wrong with this machine, not with the candidate. Ends the process with status 78."""

    def __init__(self, message: str):
        super().__init__(MACHINE_FAULT)
        print(f"machine fault: {message}", file=sys.stderr, flush=True)


class Run:
    """One training run: what a candidate may know and do. Made by `connect`."""

    def __init__(self, device: torch.device, seed: int, budget: float, vocab_size: int, tokens: np.ndarray):
        self.device = device
        self.seed = seed
        self.budget = budget  # Seconds of training.
        self.vocab_size = vocab_size
        self.window = WINDOW  # Longest sequence that `log_probs` will be given when the model is scored.
        self._tokens = tokens
        self._born = time.monotonic()
        self._began: float | None = None
        self._training_s = 0.0
        self._batches = 0
        self._tokens_seen = 0
        self._reported = -math.inf

    @property
    def elapsed(self) -> float:
        """Seconds since the clock started; 0 before the first batch."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    @property
    def progress(self) -> float:
        """Share of the budget that is used up, 0 to 1: what a schedule depends on."""
        return min(1.0, self.elapsed / self.budget)

    def batches(self, batch_size: int, seq_len: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yields (x, y), int64 of shape (batch_size, seq_len) on the device, until the budget is over.

        Every row is a stretch of training text behind a BOS token; y is x shifted by one. All stretches come once,
        in an order decided by the seed, before any comes again. The clock starts at the first batch.
        """
        rows = self._rows(batch_size, seq_len)
        batch = self._to_device(next(rows))
        on_cuda = self.device.type == "cuda"
        previous = None
        self._began = time.monotonic()
        while self.elapsed < self.budget:
            current, batch = batch, self._to_device(next(rows))
            yield current
            self._batches += 1
            self._tokens_seen += batch_size * seq_len
            if on_cuda:  # The device may lag one step behind, so that it is never idle, but no more than one.
                if previous is not None:
                    previous.synchronize()
                previous = torch.cuda.Event()
                previous.record()
        _synchronize(self.device)
        self._training_s = self.elapsed

    def report(self, step: int, loss: torch.Tensor | float) -> None:
        """Prints one line about the step (loss in nats per token), at most twice a second."""
        now = time.monotonic()
        if now - self._reported < REPORT_EVERY_S:
            return
        self._reported = now
        left = max(0.0, self.budget - self.elapsed)
        value = loss.item() if isinstance(loss, torch.Tensor) else loss
        print(f"step {step}  loss {value:.4f}  {left:.1f} s left", flush=True)

    def finish(self, model: torch.nn.Module, log_probs: LogProbs) -> None:
        """Scores the model on held-out text and prints the summary.

        log_probs(model, x) takes (B, T) int64 and gives (B, T, vocab) natural log-probabilities of each next token.
        Raises ValueError where these are no probabilities, or where they depend on later tokens.
        """
        model.eval()
        val_bpb = score(model, log_probs, held_out_windows("val", self.device), self.device)
        params = sum(parameter.numel() for parameter in model.parameters())
        seconds = max(self._training_s, 1e-9)
        peak = PEAK_FLOPS.get(next((name for name in PEAK_FLOPS if name in _device_name(self.device)), ""), math.inf)
        print("---")
        print(f"val_bpb:          {val_bpb:.6f}")
        print(f"training_seconds: {self._training_s:.1f}")
        print(f"total_seconds:    {time.monotonic() - self._born:.1f}")
        print(f"peak_vram_mb:     {_peak_memory_mb(self.device):.1f}")
        print(f"mfu_percent:      {100 * 6 * params * self._tokens_seen / seconds / peak:.2f}")
        print(f"total_tokens_M:   {self._tokens_seen / 1e6:.3f}")
        print(f"num_steps:        {self._batches}")
        print(f"num_params_M:     {params / 1e6:.3f}")
        print(f"depth:            {getattr(model, 'depth', 0)}", flush=True)

    def _rows(self, batch_size: int, seq_len: int) -> Iterator[torch.Tensor]:
        """Yields (batch_size, seq_len + 1) int64 on the host: BOS, then seq_len tokens of text."""
        rng = np.random.default_rng(self.seed)
        stretches = len(self._tokens) // seq_len - 1
        if stretches < batch_size:
            raise ValueError(f"expected at most {stretches} rows of {seq_len} tokens in a batch, got {batch_size}")
        inside = np.arange(seq_len)
        while True:
            starts = rng.permutation(stretches) * seq_len + rng.integers(seq_len)
            for first in range(0, stretches - batch_size + 1, batch_size):
                rows = np.full((batch_size, seq_len + 1), BOS, dtype=np.int64)
                rows[:, 1:] = self._tokens[starts[first : first + batch_size, None] + inside]
                yield torch.from_numpy(rows)

    def _to_device(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self.device.type == "cuda":  # Copied while the device still works on the batch before.
            rows = rows.pin_memory().to(self.device, non_blocking=True)
        else:
            rows = rows.to(self.device)
        return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()


def connect() -> Run:
    """Chooses the device, seeds torch and opens the training text.

    Environment: AUTORESEARCH_SEED, AUTORESEARCH_BUDGET (seconds), AUTORESEARCH_DATA (folder).
    Raises MachineFault (exit status 78) where there is no usable prepared data.
    """
    data = data_folder()
    manifest = read_manifest(data)
    device = best_device()
    seed = int(os.environ.get("AUTORESEARCH_SEED", DEFAULT_SEED))
    budget = float(os.environ.get("AUTORESEARCH_BUDGET", DEFAULT_BUDGET_S))
    if not 0 < budget < math.inf:
        raise MachineFault(f"expected a positive number of seconds in AUTORESEARCH_BUDGET, got {budget}")
    torch.manual_seed(seed)
    if device.type == "cpu":
        torch.set_num_threads(max(1, min(MAX_CPU_THREADS, _cpu_count() - SPARE_CPUS)))
        _keep_freed_memory()
    return Run(device, seed, budget, manifest["vocab_size"], np.load(data / "train.tokens.npy", mmap_mode="r"))


def best_device() -> torch.device:
    """CUDA where there is one, else Apple's GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def data_folder() -> Path:
    """Where the prepared data is, or ought to be: AUTORESEARCH_DATA, the user's cache, or .autoresearch/data above."""
    named = os.environ.get("AUTORESEARCH_DATA")
    if named:
        return Path(named)
    cached = Path.home() / ".cache" / "autoresearch" / "data"
    above = [parent / ".autoresearch" / "data" for parent in Path(__file__).resolve().parents]
    return next((folder for folder in [cached, *above] if (folder / "manifest.json").is_file()), cached)


def read_manifest(data: Path) -> dict:
    """The manifest of the prepared data. Raises MachineFault where there is none, or one of another format."""
    path = data / "manifest.json"
    how = f"python {Path(__file__)} --packages node_modules --lock package-lock.json --out {data}"
    if not path.is_file():
        raise MachineFault(f"no prepared data in {data}; run `{how}`")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise MachineFault(
            f"expected prepared data of format {FORMAT} in {data}, found {manifest.get('format')}; run `{how}`"
        )
    return manifest


def held_out_windows(split: str, device: torch.device) -> torch.Tensor:
    """(windows, WINDOW + 1) int64 on the host: BOS, then WINDOW tokens of one held-out document.

    The same windows for every candidate: cut one after the other, repeats dropped, shuffled by a fixed seed.
    """
    data = data_folder()
    tokens = np.load(data / f"{split}.tokens.npy")
    offsets = np.load(data / f"{split}.offsets.npy")
    windows: dict[bytes, np.ndarray] = {}
    for start, end in zip(offsets[:-1] + 1, offsets[1:], strict=True):  # Behind the document's own BOS.
        for first in range(start, end - WINDOW + 1, WINDOW):
            window = tokens[first : first + WINDOW]
            windows.setdefault(window.tobytes(), window)
    if not windows:
        raise MachineFault(f"expected documents of at least {WINDOW} tokens for {split} in {data}, found none")
    order = np.random.default_rng(0).permutation(len(windows))[: WINDOWS[device.type]]
    cut = np.stack(list(windows.values()))[order].astype(np.int64)
    return torch.from_numpy(np.pad(cut, ((0, 0), (1, 0)), constant_values=BOS))


@torch.no_grad()
def score(model: torch.nn.Module, log_probs: LogProbs, windows: torch.Tensor, device: torch.device) -> float:
    """Bits per byte: the nats of all windows' tokens, in bits, over the bytes that these tokens stand for.

    Raises ValueError where the predictions are not normalised or look ahead. Not-a-number stays not-a-number.
    """
    token_bytes = torch.from_numpy(np.load(data_folder() / "token_bytes.npy"))
    size = SCORING_BATCH[device.type]
    check_looks_back_only(model, log_probs, windows[:LEAK_WINDOWS].to(device), len(token_bytes))
    nats = 0.0
    for rows in windows.split(size):
        rows = rows.to(device)
        predicted = predict(model, log_probs, rows[:, :-1], len(token_bytes))
        nats -= (
            predicted.gather(-1, rows[:, 1:, None]).sum(dtype=torch.float64 if device.type != "mps" else None).item()
        )
    total_bytes = int(token_bytes[windows[:, 1:]].sum())
    return nats / math.log(2) / total_bytes


def predict(model: torch.nn.Module, log_probs: LogProbs, x: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """(B, T, vocab) float32 log-probabilities, checked: the right shape, and every row sums to one."""
    predicted = log_probs(model, x).float()
    expected = (*x.shape, vocab_size)
    if tuple(predicted.shape) != expected:
        raise ValueError(f"expected log_probs of shape {expected}, got {tuple(predicted.shape)}")
    off = predicted.logsumexp(-1).abs().max().item()
    if off > ROW_TOLERANCE:  # False for not-a-number, which is the score of a diverged model, not a lie.
        raise ValueError(
            f"expected log_probs whose rows sum to one, found one off by {off:.4f} nats; end with log_softmax"
        )
    return predicted


def check_looks_back_only(model: torch.nn.Module, log_probs: LogProbs, rows: torch.Tensor, vocab_size: int) -> None:
    """Raises ValueError where predictions for the first half of a window change with its second half."""
    x = rows[:, :-1]
    half = x.shape[1] // 2
    other = torch.cat([x[:, :half], x[:, half:].flip(0, 1)], dim=1)
    a, b = (predict(model, log_probs, tokens, vocab_size)[:, :half] for tokens in (x, other))
    targets = rows[:, 1 : half + 1, None]
    moved = (a.gather(-1, targets) - b.gather(-1, targets)).abs().max().item()
    if moved > LEAK_TOLERANCE:
        raise ValueError(
            f"expected predictions from earlier tokens only, found one that moved by {moved:.2f} nats "
            "when later tokens of its window changed; check the attention mask"
        )


def _cpu_count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _keep_freed_memory() -> None:
    """Lets glibc keep large blocks for the next step instead of returning them to the system each time."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # Other C libraries do not have it.
        if mallopt:
            mallopt(M_MMAP_THRESHOLD, 2**30)
            mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else device.type


def _peak_memory_mb(device: torch.device) -> float:
    """Peak memory of the device in MiB; on a CPU the process's largest resident set."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    if device.type == "mps":
        return torch.mps.driver_allocated_memory() / 2**20
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()


def main() -> None:
    """Prepares the data, as told on the command line."""
    parser = argparse.ArgumentParser(description="Prepare the training and held-out text.")
    parser.add_argument("--packages", type=Path, required=True, help="node_modules folder to read")
    parser.add_argument("--lock", type=Path, required=True, help="package-lock.json that pins it")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; replaced when complete")
    args = parser.parse_args()
    import corpus

    try:
        manifest = corpus.prepare(args.packages, args.lock, args.out)
    except corpus.CorpusError as error:
        raise MachineFault(str(error)) from error
    print(f"  prepared {args.out}, digest {manifest['digest'][:12]}")


if __name__ == "__main__":
    main()
