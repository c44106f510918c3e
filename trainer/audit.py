"""The audit: blind predictions at positions sampled after the bulk answer correct it, and tell cheating from rounding.

The corrected number is a Horvitz-Thompson estimate with the bulk answer as control variate, so it is unbiased whatever
a candidate claims.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from dataset import Text
from scoring import Answer, bits_per_byte
from wire import Refused

MAX_CELLS = 2**28  # Log-probabilities in one blind answer: 1 GiB.
MAX_POSITIONS = 8192
EXCEPTED = 1000  # One position in this many may differ by any amount: a near-tie in a router can tip.
TOLERANCE = {"float32": 1e-4, "bfloat16": 0.1}  # How far one position may differ, in nats.
MAX_SD = {"float32": 1e-4, "bfloat16": 0.02}  # Spread of the differences, in nats.
# An overstatement of 9.2 / n of the score is sampled with 99% probability: -ln(0.01), twice, as half follows weight.
NOTICED = 9.2


@dataclass(frozen=True)
class Drawn:
    """Positions to predict blind, in the order they are queried: at most one per window."""

    window: np.ndarray  # (n,) int64
    position: np.ndarray  # (n,) int64: tokens of the window that come before
    probability: np.ndarray  # (n,) float64: of sampling this position in this window


@dataclass(frozen=True)
class Audit:
    """The deciding number, and what the comparison showed. Differences are blind minus bulk, in nats."""

    val_bpb: float
    n: int
    sd: float
    largest: float
    smallest_lie: float  # In bits per byte: a total overstatement of this size would be detected with 99% probability.
    flags: list[str] = field(default_factory=list)


def draw(
    random: np.random.Generator, answer: Answer, windows: Text, eligible: np.ndarray, weight: np.ndarray, most: int
) -> Drawn:
    """Samples one position in each of at most `most` eligible windows.

    Half in proportion to `weight`, a quarter to how far the answer claims to stay below it, a quarter uniformly. To
    beat the champion by overstating a few tokens, a candidate must claim a lot there, which draws the audit to them.
    weight: (bytes of all windows,), at least 0: the champion's nats of each byte, or ones.
    """
    chosen = random.permutation(eligible)[:most]
    share = len(chosen) / len(eligible)
    halves = np.arange(len(chosen)) + random.integers(2)  # With an odd number, either half may be the larger.
    by_weight = random.permutation(halves % 2 == 0)
    first_token = np.cumsum(answer.counts) - answer.counts
    positions, probabilities = [], []
    for window, weighted in zip(chosen, by_weight, strict=True):
        count = answer.counts[window]
        tokens = slice(first_token[window], first_token[window] + count)
        uniform = np.full(count, 1 / count)
        costs = _weight_of_tokens(answer, windows, weight, window, tokens)
        gains = np.maximum(costs - answer.nats[tokens], 0.0)
        by_cost, by_gain = _shares(costs), (_shares(gains) + uniform) / 2
        position = random.choice(count, p=by_cost if weighted else by_gain)
        positions.append(position)
        probabilities.append(share * (by_cost[position] + by_gain[position]) / 2)
    return Drawn(chosen, np.array(positions, np.int64), np.array(probabilities))


def _weight_of_tokens(answer: Answer, windows: Text, weight: np.ndarray, window: int, tokens: slice) -> np.ndarray:
    """(tokens of the window,): the weight of each token's bytes, not normalized."""
    start, end = windows.offsets[window], windows.offsets[window + 1]
    cumulated = np.concatenate([[0.0], np.cumsum(weight[start:end], dtype=np.float64)])
    ends = np.cumsum(answer.sizes[tokens])
    return cumulated[ends] - cumulated[ends - answer.sizes[tokens]]


def _shares(values: np.ndarray) -> np.ndarray:
    """Values of at least 0 as shares of their sum; equal shares if they are all 0."""
    total = values.sum()
    return values / total if total > 0 else np.full(len(values), 1 / len(values))


def nats_of_bytes(answer: Answer, windows: Text, chosen: np.ndarray) -> np.ndarray:
    """(bytes of the chosen windows,) float32, in their order: each token's nats, spread evenly over its bytes."""
    spread = np.repeat(answer.nats / np.maximum(answer.sizes, 1), answer.sizes).astype(np.float32)
    return np.concatenate([spread[windows.offsets[window] : windows.offsets[window + 1]] for window in chosen])


def weights_of_bytes(champion: np.ndarray | None, val: Text, windows: Text, places: np.ndarray) -> np.ndarray:
    """(bytes of all windows,): the champion's nats of val, moved to where its windows are now; ones without any."""
    weight = np.ones(len(windows.text), np.float32)
    if champion is None or len(champion) != len(val.text):
        return weight
    for window, place in enumerate(places):
        if place < len(val.tokens):
            values = champion[val.offsets[place] : val.offsets[place + 1]]
            weight[windows.offsets[window] : windows.offsets[window + 1]] = np.maximum(values, 0.0)
    return weight


def prefixes(answer: Answer, drawn: Drawn) -> np.ndarray:
    """(n, longest window) int32: the tokens before each sampled position, then zeros."""
    rows = np.zeros((len(drawn.window), answer.counts.max()), dtype=np.int32)
    first_token = np.cumsum(answer.counts) - answer.counts
    for row, window, position in zip(rows, drawn.window, drawn.position, strict=True):
        row[:position] = answer.ids[first_token[window] : first_token[window] + position]
    return rows


def blind_nats(content: bytes, answer: Answer, drawn: Drawn, vocabulary: int) -> np.ndarray:
    """(n,) float64: what each sampled token costs by the blind answer, (n, vocabulary) float32, normalized here."""
    scores = np.frombuffer(content, "<f4").reshape(len(drawn.window), vocabulary)
    nats = np.empty(len(scores))
    targets = answer.ids[_places(answer, drawn)]
    for row, (values, target) in enumerate(zip(scores, targets, strict=True)):
        exact = values.astype(np.float64)
        top = exact.max()
        if not math.isfinite(top):  # NaN, an infinite score, or no possible token at all.
            raise Refused("expected log-probabilities in the blind answer, found none in a row")
        nats[row] = top + math.log(np.exp(exact - top).sum()) - exact[target]
    return nats


def correct(
    answer: Answer, drawn: Drawn, blind: np.ndarray, eligible: np.ndarray, text_bytes: int, precision: str
) -> Audit:
    """The corrected number for the eligible windows (text_bytes long), with the flags of the comparison."""
    n = len(blind)
    differences = blind - answer.nats[_places(answer, drawn)]
    bulk = answer.nats[np.isin(np.repeat(np.arange(len(answer.counts)), answer.counts), eligible)].sum()
    val_bpb = bits_per_byte(float(bulk + (differences / drawn.probability).sum()), text_bytes)
    sizes = np.sort(np.abs(differences))
    kept = differences[np.abs(differences) <= sizes[n - 1 - n // EXCEPTED]]
    flags = []
    if not sizes[n - 1 - n // EXCEPTED] <= TOLERANCE[precision]:
        count = int((sizes > TOLERANCE[precision]).sum())
        flags.append(f"{count} of {n} blind predictions differ by more than {TOLERANCE[precision]} nats")
    sd = float(kept.std()) if np.isfinite(kept).all() else math.inf
    if not sd <= MAX_SD[precision]:
        flags.append(f"the differences spread by {sd:.4f} nats, expected at most {MAX_SD[precision]}")
    return Audit(val_bpb, n, sd, float(sizes[-1]), NOTICED / n * val_bpb, flags)


def _places(answer: Answer, drawn: Drawn) -> np.ndarray:
    """Where the sampled tokens are in the answer."""
    return (np.cumsum(answer.counts) - answer.counts)[drawn.window] + drawn.position
