"""How a candidate answers the referee: what every token of whole windows costs (bulk), or what comes next (blind).

Both use batches of the same shape, so that a model rounds the same way in both.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

import wire

BOS = 0  # Token that starts every row.
SCORING_BATCH = {"cpu": 16, "mps": 32, "cuda": 64}
ROW_TOLERANCE = 1e-3  # How far the probabilities of one row may be from summing to one, in nats.
LEAK_ROWS = 4  # Rows on which it is tried whether predictions look ahead.
LEAK_TOLERANCE = 0.5  # How far a prediction may change, in nats, when later tokens change: rounding only.


class Unable(Exception):
    """A mistake an honest candidate may make; the reason is one of wire.FAILURES."""

    def __init__(self, reason: str):
        super().__init__(wire.FAILURES[reason])
        self.reason = reason


@dataclass(frozen=True)
class Predictor:
    """A model with what is needed to query it."""

    model: torch.nn.Module
    log_probs: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]
    device: torch.device
    vocabulary: int

    @torch.no_grad()
    def predict(self, ids: torch.Tensor) -> torch.Tensor:
        """(B, T, vocabulary) float32: log-probabilities of each of ids (B, T) from those before it, checked."""
        start = torch.full_like(ids[:, :1], BOS)
        predicted = self.log_probs(self.model, torch.cat([start, ids[:, :-1]], dim=1).to(self.device)).float()
        if tuple(predicted.shape) != (*ids.shape, self.vocabulary):
            raise Unable("shape")
        off = predicted.logsumexp(-1).abs().max().item()
        if off > ROW_TOLERANCE:  # False for NaN, which is the score of a diverged model, not a mistake.
            raise Unable("not normalised")
        return predicted

    def batches(self, ids: torch.Tensor):
        """Yields (first row, rows, their predictions), in batches of one size; the last is padded with zeros."""
        size = SCORING_BATCH[self.device.type]
        for first in range(0, len(ids), size):
            rows = ids[first : first + size]
            full = torch.nn.functional.pad(rows, (0, 0, 0, size - len(rows)))
            yield first, rows, self.predict(full)[: len(rows)]

    def warm_up(self, width: int) -> None:
        """Predicts made-up rows of (batch, width), so that everything that the model needs is there before the text.

        Raises Unable where predictions up to the middle of a row change with the tokens from there on.
        """
        random = np.random.default_rng(0)
        rows = random.integers(1, self.vocabulary, (SCORING_BATCH[self.device.type], width))
        ids = torch.from_numpy(rows)
        half = width // 2
        other = torch.cat([ids[:, :half], ids[:, half:].flip(0, 1)], dim=1)
        targets = ids[:LEAK_ROWS, : half + 1, None].to(self.device)
        a, b = (self.predict(some)[:LEAK_ROWS, : half + 1].gather(-1, targets) for some in (ids, other))
        if (a - b).abs().max().item() > LEAK_TOLERANCE:
            raise Unable("looks ahead")


def bulk(question: dict, files: list[int], predictor: Predictor) -> None:
    """Writes what each token of all windows costs, in nats, into the answer."""
    counts, ids, answer = files
    counts = wire.read_shaped(counts, "<i4", question["rows"])
    inside = np.arange(question["width"]) < counts[:, None]
    padded = np.zeros(inside.shape, dtype=np.int64)
    padded[inside] = wire.read_shaped(ids, "<i4", int(counts.sum()))
    nats = np.zeros(inside.shape, dtype="<f8")
    for first, batch, predicted in predictor.batches(torch.from_numpy(padded)):
        costs = -predicted.gather(-1, batch[..., None].to(predicted.device)).squeeze(-1).cpu().double()
        nats[first : first + len(batch)] = costs.clamp(min=0.0).numpy()  # A certain token may round below zero.
    wire.write_all(answer, nats[inside].tobytes())
    os.close(answer)


def blind(question: dict, files: list[int], predictor: Predictor) -> None:
    """Writes the log-probabilities (rows, vocabulary) of the token after each prefix into the answer."""
    positions, prefixes, answer = files
    positions = wire.read_shaped(positions, "<i8", question["rows"])
    ids = torch.from_numpy(wire.read_shaped(prefixes, "<i4", question["rows"], question["width"]).astype(np.int64))
    for first, batch, predicted in predictor.batches(ids):
        wanted = torch.from_numpy(positions[first : first + len(batch)]).to(predicted.device)
        rows = predicted[torch.arange(len(batch), device=predicted.device), wanted].cpu().numpy().astype("<f4")
        wire.write_all(answer, rows.tobytes(), first * rows.shape[1] * 4)
    os.close(answer)
