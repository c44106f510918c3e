"""How a candidate answers the referee: what every token of whole windows costs (bulk), or what comes next (blind).

Both use batches of the same shape, so that a model rounds the same way in both.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

import wire

BOS = 0  # Token that starts every row.
SCORING_BATCH = {"cpu": 16, "mps": 32, "cuda": 64}
ROW_TOLERANCE = 1e-3  # How far the probabilities of one row may be from summing to one, in nats.
LEAK_WINDOWS = 4  # Windows used to check whether predictions look ahead.
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

    def check_looks_back_only(self, ids: torch.Tensor) -> None:
        """Raises Unable if predictions up to the middle of a window change with the tokens after it."""
        half = ids.shape[1] // 2
        other = torch.cat([ids[:, :half], ids[:, half:].flip(0, 1)], dim=1)
        targets = ids[:, : half + 1, None].to(self.device)
        a, b = (self.predict(rows)[:, : half + 1].gather(-1, targets) for rows in (ids, other))
        if (a - b).abs().max().item() > LEAK_TOLERANCE:
            raise Unable("looks ahead")


def bulk(
    question: dict, files: list[int], predictor: Predictor, encode: Callable[[bytes], Sequence[int]] | None
) -> None:
    """Writes token ids and nats of all windows into the answer."""
    text, offsets, tokens, answer = files
    offsets = wire.read_array(offsets, "<i8", question["rows"] + 1)
    text = bytes(wire.read_array(text, "u1", -1))
    prepared = wire.read_array(tokens, "<u2", question["rows"], question["width"])
    if encode is None:
        rows = [row.astype(np.int64) for row in prepared]
    else:
        rows = [np.array(encode(text[a:b]), np.int64) for a, b in pairwise(offsets)]
    counts = np.array([len(row) for row in rows], dtype="<i4")
    capacity, _ = wire.answer_layout(len(rows), len(text))
    flat = np.concatenate(rows)
    too_many = (counts > np.diff(offsets) + 1).any()
    if counts.min() == 0 or too_many or flat.min() < 0 or flat.max() >= predictor.vocabulary:
        raise Unable("encoding")
    inside = np.arange(counts.max()) < counts[:, None]
    padded = np.zeros(inside.shape, dtype=np.int64)
    padded[inside] = flat
    ids = torch.from_numpy(padded)
    predictor.check_looks_back_only(ids[:LEAK_WINDOWS, : int(counts[:LEAK_WINDOWS].min())])

    nats = np.zeros(inside.shape, dtype="<f8")
    for first, batch, predicted in predictor.batches(ids):
        costs = -predicted.gather(-1, batch[..., None].to(predicted.device)).squeeze(-1).cpu().double()
        nats[first : first + len(batch)] = costs.clamp(min=0.0).numpy()  # A certain token may round below zero.
    wire.write_all(answer, counts.tobytes())
    wire.write_all(answer, flat.astype("<i4").tobytes(), 4 * len(rows))
    wire.write_all(answer, nats[inside].tobytes(), 4 * len(rows) + 4 * capacity)
    os.close(answer)


def blind(question: dict, files: list[int], predictor: Predictor, _: object) -> None:
    """Writes the log-probabilities (rows, vocabulary) of the token after each prefix into the answer."""
    positions, prefixes, answer = files
    positions = wire.read_array(positions, "<i8", question["rows"])
    ids = torch.from_numpy(wire.read_array(prefixes, "<i4", question["rows"], question["width"]).astype(np.int64))
    for first, batch, predicted in predictor.batches(ids):
        wanted = torch.from_numpy(positions[first : first + len(batch)]).to(predicted.device)
        rows = predicted[torch.arange(len(batch), device=predicted.device), wanted].cpu().numpy().astype("<f4")
        wire.write_all(answer, rows.tobytes(), first * rows.shape[1] * 4)
    os.close(answer)
