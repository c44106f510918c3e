"""train.py with nothing around it: made-up tokens in memory, no referee, no reports, no hand-over.

    python bench/trainer/bare.py --budget 20

Its speed is the baseline for the referee and the data loader. The last line it prints is JSON: tokens seen, seconds,
and the sizes that train.py chose for this device.
"""

import argparse
import json
import runpy
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

TRAINER = Path(__file__).resolve().parents[2] / "trainer"
sys.path.insert(0, str(TRAINER))

import prepare  # noqa: E402
import torch  # noqa: E402

import dataset  # noqa: E402
import devices  # noqa: E402
import hardware  # noqa: E402

LAP = 16  # Batches in memory, used again and again; a GPU is waited for after each lap.


class BareRun(prepare.Run):
    """Replaces the run that has a referee behind it."""

    def batches(self, batch_size: int, seq_len: int, _: object = None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yields (x, y) of shape (batch_size, seq_len) until the budget is over."""
        made_up = torch.randint(self.vocab_size, (LAP, batch_size, seq_len + 1), device=self.device)
        lap = [(rows[:, :-1].contiguous(), rows[:, 1:].contiguous()) for rows in made_up]
        self._began = time.monotonic()
        while self.elapsed < self.budget:
            for batch in lap:
                if self.elapsed >= self.budget:
                    break
                yield batch
                self._tokens_seen += batch_size * seq_len
            if self.device.type != "cpu":
                torch.accelerator.synchronize()
        self.seconds = self.elapsed
        self.sizes = {"batch_size": batch_size, "seq_len": seq_len}

    def report(self, step: int, loss: torch.Tensor | float) -> None:
        """Nobody is listening."""

    def finish(self, model: torch.nn.Module, *_: object) -> None:
        """Prints the result, with the model's sizes."""
        sizes = {name: getattr(model, name) for name in ("depth", "width", "heads")}
        print(json.dumps({"tokens": self._tokens_seen, "seconds": self.seconds, **self.sizes, **sizes}))


def main() -> None:
    """Runs trainer/train.py with this file's run in place of `prepare.connect()`."""
    parser = argparse.ArgumentParser(description="Train as fast as train.py can without a referee.")
    parser.add_argument("--budget", type=float, required=True, help="seconds of training")
    budget = parser.parse_args().budget
    vocabulary = dataset.read_vocabulary(dataset.data_folder())
    device = devices.best()
    setup = {"role": "train", "seed": 1, "budget_s": budget, "startup_s": 0, "device": device, "window": dataset.WINDOW}
    hardware.settle(torch.device(device), seed=1)
    run = BareRun(None, setup, vocabulary)
    sys.modules["prepare"] = SimpleNamespace(connect=lambda: run)
    runpy.run_path(str(TRAINER / "train.py"), run_name="__main__")


if __name__ == "__main__":
    main()
