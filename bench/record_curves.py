"""Records learning curves of trainer/train.py with small changes, for `npm run bench -- early` to replay.

    python bench/record_curves.py > bench/curves.json          # ten minutes of one core

Every candidate trains for eight seconds of one thread's CPU time, so other work on the machine hardly matters. The
champion runs on six seeds, each idea on the first of them. It keeps the mean training loss in each fiftieth of the
budget, in bits per byte, and the score on the held-out text.
"""

import json
import math
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch

TRAINER = Path(__file__).resolve().parents[1] / "trainer"
sys.path.insert(0, str(TRAINER))

import prepare  # noqa: E402

import answers  # noqa: E402 - found by the line above
import dataset  # noqa: E402
import hardware  # noqa: E402
from scoring import bits_per_byte  # noqa: E402

BUDGET_S = 8.0
BINS = 50
SEEDS = range(1, 7)
# The explorer's first proposals for this train.py, in its order.
CONSTANTS = """EMBED_LR 0.1, VALUE_LR 0.1, HEAD_LR 0.02, GAIN_LR 0.04, MATRIX_LR 0.06, BATCH_SIZE 4, DEPTH 1, WIDTH 64,
HEAD_DIM 32, WEIGHT_DECAY 0.1, WARMUP 0.058, WARMDOWN 0.67, FINAL_LR 0.1, ADAM_BETA1 0.89, ADAM_BETA2 0.974,
MOMENTUM 0.947, MLP_RATIO 8, ROPE_BASE 20000, QK_GAIN 2.0, VALUE_GAIN 2.0, MUON_STEPS 6, SEQ_LEN 64, EMBED_LR 0.035,
VALUE_LR 0.035, HEAD_LR 0.0071, GAIN_LR 0.014, MATRIX_LR 0.021, BATCH_SIZE 12, DEPTH 3, WEIGHT_DECAY 0.035,
WARMUP 0.021, WARMDOWN 0.41, FINAL_LR 0.035, ADAM_BETA1 0.74, ADAM_BETA2 0.931, MOMENTUM 0.86, MLP_RATIO 3,
ROPE_BASE 7100, QK_GAIN 0.71, VALUE_GAIN 0.71, MUON_STEPS 2"""
# What a language model might propose: replacements in the text.
REWRITES = {
    "GELU instead of squared ReLU": ("F.relu(self.up(norm(x))).square()", "F.gelu(self.up(norm(x)))"),
    "cap the logits at 15": ("self.head(norm(x)).float()", "15 * torch.tanh(self.head(norm(x)).float() / 15)"),
    "no mixing with the token before": ("x = x + self.before * F.pad(x, (0, 0, 1, -1))", "x = x + 0 * self.before"),
    "Nesterov momentum left out": ("gradients.lerp(self.momentum, MOMENTUM)", "self.momentum"),
    "scale the output of attention down": ("x = x + self.out(mixed", "x = x + 0.5 * self.out(mixed"),
}


class Recorder(prepare.Run):
    """A run without a referee, timed by the processor's clock."""

    def __init__(self, seed: int, vocabulary: list[bytes], text: dataset.Text, windows: dataset.Text):
        setup = {"device": "cpu", "seed": seed, "budget_s": BUDGET_S, "window": dataset.WINDOW, "role": "train"}
        super().__init__(None, setup, vocabulary)
        self.text, self.windows = text, windows
        self.losses: list[list[float]] = [[] for _ in range(BINS)]

    @property
    def elapsed(self) -> float:
        return 0.0 if self._began is None else time.process_time() - self._began

    def _start(self) -> None:
        if self._began is None:
            self._tokens, self._began = self.text.tokens, time.process_time()

    def report(self, step: int, loss: torch.Tensor) -> None:
        self.losses[min(BINS - 1, int(BINS * self.progress))].append(loss.item())

    def finish(self, model: torch.nn.Module, log_probs: prepare.LogProbs, *_: object) -> None:
        model.eval()
        predictor = answers.Predictor(model, log_probs, self.device, len(self.vocabulary))
        ids = torch.from_numpy(self.windows.tokens.astype(np.int64))
        nats = 0.0
        for _, rows, predicted in predictor.batches(ids):
            nats -= predicted.gather(-1, rows[..., None]).double().sum().item()
        per_byte = len(self.text.tokens) / len(self.text.text) / math.log(2)
        curve = [round(per_byte * float(np.mean(losses)), 4) if losses else None for losses in self.losses]
        value = round(bits_per_byte(nats, len(self.windows.text)), 5)
        print(json.dumps({"seed": self.seed, "value": value, "curve": curve}), flush=True)
        sys.exit(0)


def variants(source: str):
    """Yields a description of each change, and the text with the change."""
    for change in re.split(r",\s+", CONSTANTS):
        name, value = change.split()
        old = re.search(rf"^{name} = (\S+)", source, re.M).group(1)
        yield f"{name} {old} → {value}", re.sub(rf"^{name} = \S+", f"{name} = {value}", source, count=1, flags=re.M)
    for title, (old, new) in REWRITES.items():
        assert source.count(old) == 1, title
        yield title, source.replace(old, new)


def record(change: str, source: str, run: Recorder) -> None:
    """Trains in a process of its own and prints one line."""
    child = os.fork()
    if child == 0:
        hardware.settle(run.device, run.seed)
        torch.set_num_threads(1)
        prepare.connect = lambda: run
        print(f'{{"change": {json.dumps(change, ensure_ascii=False)}, "run": ', end="", flush=True)
        exec(compile(source, "train.py", "exec"), {"__name__": "__main__"})
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        raise SystemExit(f"{change}: the run failed")
    print("}", flush=True)


def main() -> None:
    """Prints a JSON list, one run after the other."""
    torch.set_num_threads(1)
    data = dataset.data_folder()
    vocabulary = dataset.read_vocabulary(data)
    windows = dataset.held_out_windows(data, vocabulary, "val", "cpu")
    source = (TRAINER / "train.py").read_text(encoding="utf-8")
    texts = {seed: dataset.training_text(data, vocabulary, seed) for seed in SEEDS}
    runs = [("", source, seed) for seed in SEEDS] + [(*variant, SEEDS[0]) for variant in variants(source)]
    for number, (change, changed, seed) in enumerate(runs):
        print("[" if number == 0 else ",", end="", flush=True)
        record(change, changed, Recorder(seed, vocabulary, texts[seed], windows))
        print(f"{number + 1} of {len(runs)}", file=sys.stderr, flush=True)
    print("]")


if __name__ == "__main__":
    main()
