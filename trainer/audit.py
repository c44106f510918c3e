"""The audit: other processes answer again, and the corrected number is right on average whatever was claimed.

Blind: at positions that no claim has influenced, the distribution of the next token by a process that has seen only
what comes before. The bulk answer is the control variate of a Horvitz-Thompson estimate (1952).
In other company: some windows once more in bulk, among windows that were not there the first time.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from scoring import Rows, bits_per_byte
from wire import Refused

MAX_CELLS = 2**28  # Log-probabilities in one blind answer: 1 GiB.
MAX_POSITIONS = 8192
MAX_COMPANY = 256  # Windows that are asked again in other company, at most;
COMPANY_SHARE = 0.25  # and this share of all.
EXCEPTED = 1000  # One position in this many may differ by any amount: a near-tie in a router can tip.
# Nats by which one position may differ, and their spread. All answers have one shape, in which a CPU repeats itself
# bit for bit in every precision; what a GPU does is not measured yet.
TOLERANCE = {"cpu": 1e-4, "mps": 1e-3, "cuda": 0.02}
MAX_SD = {"cpu": 1e-4, "mps": 1e-3, "cuda": 0.005}
MAX_ERROR = 0.0005  # Standard error of the corrected number, as a share of it: half of what the gate tells apart.
NOTICED = 9.2  # A lie at the share 9.2 / n of the score is hit with 99%: -ln(0.01), twice, as half is drawn to weight.


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
    error: float  # Standard error of val_bpb as an estimate, in bits per byte.
    smallest_lie: float  # In bits per byte: a lie of this size would have been noticed with 99% probability.
    flags: list[str] = field(default_factory=list)


def draw(random: np.random.Generator, rows: Rows, weight: np.ndarray, most: int) -> Drawn:
    """Draws one position in each of at most `most` windows, half in proportion to `weight`, half uniformly.

    weight: (tokens of all windows,), at least 0: what each token's bytes cost the champion.
    """
    chosen = random.permutation(len(rows.counts))[:most]
    share = len(chosen) / len(rows.counts)
    halves = np.arange(len(chosen)) + random.integers(2)  # With an odd number, either half may be the larger.
    by_weight = random.permutation(halves % 2 == 0)
    starts, positions, probabilities = rows.starts, [], []
    for window, weighted in zip(chosen, by_weight, strict=True):
        count = rows.counts[window]
        uniform = np.full(count, 1 / count)
        by_cost = _shares(weight[starts[window] : starts[window] + count])
        position = random.choice(count, p=by_cost if weighted else uniform)
        positions.append(position)
        probabilities.append(share * (by_cost[position] + uniform[position]) / 2)
    return Drawn(chosen, np.array(positions, np.int64), np.array(probabilities))


def draw_suspicious(random: np.random.Generator, rows: Rows, gains: np.ndarray, most: int) -> Drawn:
    """Draws one position in each of at most `most` windows, in proportion to the gain that is claimed there.

    To beat the champion by lies about a few tokens, a candidate must claim a lot there. As these follow its claims,
    they may flag a number, and never correct it. gains: (tokens of all windows,), at least 0.
    """
    chosen = random.permutation(len(rows.counts))[:most]
    places = [slice(start, start + rows.counts[w]) for w, start in zip(chosen, rows.starts[chosen], strict=True)]
    positions = [random.choice(rows.counts[w], p=_shares(gains[p])) for w, p in zip(chosen, places, strict=True)]
    return Drawn(chosen, np.array(positions, np.int64), np.full(len(chosen), math.nan))


def _shares(values: np.ndarray) -> np.ndarray:
    """Values of at least 0 as shares of their sum; equal shares if they are all 0."""
    total = values.sum()
    return values / total if total > 0 else np.full(len(values), 1 / len(values))


def nats_of_bytes(rows: Rows, nats: np.ndarray) -> np.ndarray:
    """(bytes,) float32: each token's nats, spread evenly over its bytes."""
    return np.repeat(nats / rows.sizes, rows.sizes).astype(np.float32)


def weights_of_tokens(champion: np.ndarray, rows: Rows) -> np.ndarray:
    """(tokens,): what each token's bytes cost the champion, given what each byte did."""
    cumulated = np.concatenate([[0.0], np.cumsum(np.maximum(champion, 0.0), dtype=np.float64)])
    ends = np.cumsum(rows.sizes)
    return cumulated[ends] - cumulated[ends - rows.sizes]


def prefixes(rows: Rows, drawn: Drawn, width: int) -> np.ndarray:
    """(n, width) int32: the tokens before each drawn position, then zeros."""
    asked = np.zeros((len(drawn.window), width), dtype=np.int32)
    starts = rows.starts
    for row, window, position in zip(asked, drawn.window, drawn.position, strict=True):
        row[:position] = rows.ids[starts[window] : starts[window] + position]
    return asked


def blind_nats(content: bytes, rows: Rows, drawn: Drawn, vocabulary: int) -> np.ndarray:
    """(n,) float64: what each sampled token costs by the blind answer, (n, vocabulary) float32, normalized here."""
    scores = np.frombuffer(content, "<f4").reshape(len(drawn.window), vocabulary)
    nats = np.empty(len(scores))
    targets = rows.ids[_places(rows, drawn)]
    for row, (values, target) in enumerate(zip(scores, targets, strict=True)):
        exact = values.astype(np.float64)
        top = exact.max()
        if not math.isfinite(top):  # NaN, an infinite score, or no possible token at all.
            raise Refused("expected log-probabilities in the blind answer, found none in a row")
        nats[row] = top + math.log(np.exp(exact - top).sum()) - exact[target]
    return nats


def correct(rows: Rows, claimed: np.ndarray, drawn: Drawn, blind: np.ndarray, device: str) -> Audit:
    """The corrected number of all windows, with the flags of the comparison. claimed: (tokens,) nats."""
    n = len(blind)
    differences = blind - claimed[_places(rows, drawn)]
    scaled = differences / drawn.probability
    val_bpb = bits_per_byte(float(claimed.sum() + scaled.sum()), rows.text_bytes)
    spread = float(scaled.std(ddof=min(1, n - 1))) if np.isfinite(scaled).all() else math.inf
    error = bits_per_byte(spread * math.sqrt(n), rows.text_bytes)
    sizes = np.sort(np.abs(differences))
    kept = differences[np.abs(differences) <= sizes[n - 1 - n // EXCEPTED]]
    flags = compare_blind(rows, claimed, drawn, blind, device)
    sd = float(kept.std()) if np.isfinite(kept).all() else math.inf
    if not sd <= MAX_SD[device]:
        flags.append(f"the differences spread by {sd:.4f} nats, expected at most {MAX_SD[device]}")
    if not error <= MAX_ERROR * abs(val_bpb):
        flags.append(f"the corrected number is uncertain by {error:.2g}, expected at most {MAX_ERROR:.2%} of it")
    return Audit(val_bpb, n, sd, float(sizes[-1]), error, NOTICED / n * val_bpb, flags)


def compare_blind(rows: Rows, claimed: np.ndarray, drawn: Drawn, blind: np.ndarray, device: str) -> list[str]:
    """The flag of blind predictions that differ from what was claimed in bulk."""
    off = int((~(np.abs(blind - claimed[_places(rows, drawn)]) <= TOLERANCE[device])).sum())
    if off <= len(blind) // EXCEPTED:
        return []
    return [f"{off} of {len(blind)} blind predictions differ by more than {TOLERANCE[device]} nats"]


def draw_company(random: np.random.Generator, windows: int) -> np.ndarray:
    """Numbers of the windows that are asked again in other company."""
    most = max(1, min(MAX_COMPANY, round(COMPANY_SHARE * windows)))
    return random.permutation(windows)[:most]


def compare_company(before: np.ndarray, after: np.ndarray, device: str) -> list[str]:
    """The flags of windows that cost something else in other company: nats of their tokens, before and after."""
    off = int((~(np.abs(after - before) <= TOLERANCE[device])).sum())
    if off <= len(before) // EXCEPTED:
        return []
    return [f"{off} of {len(before)} tokens cost something else when other windows are scored beside them"]


def _places(rows: Rows, drawn: Drawn) -> np.ndarray:
    """Where the drawn tokens stand among all."""
    return rows.starts[drawn.window] + drawn.position
