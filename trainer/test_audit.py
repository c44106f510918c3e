"""What a score is worth: honest models pass, and an overstatement gains nothing or is noticed."""

import math
import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import answers
import audit
import dataset
import scoring
import wire
from answers import Predictor
from candidate import Crash
from dataset import Text
from example_candidates import Small, honestly
from scoring import Answer

CPU = torch.device("cpu")
Model = tuple[nn.Module, Callable]


def ask_bulk(windows: Text, vocabulary: list[bytes], predictor: Predictor, encode: Callable | None = None) -> Answer:
    rows = len(windows.tokens)
    answer = wire.blank(wire.answer_layout(rows, len(windows.text))[1])
    files = [wire.sealed(windows.text), wire.sealed(windows.offsets), wire.sealed(windows.tokens), os.dup(answer)]
    answers.bulk({"rows": rows, "width": windows.tokens.shape[1]}, files, predictor, encode)
    return scoring.read_answer(answer, windows, vocabulary)


def ask_blind(bulk: Answer, drawn: audit.Drawn, predictor: Predictor) -> np.ndarray:
    rows = audit.prefixes(bulk, drawn)
    size = 4 * len(rows) * predictor.vocabulary
    answer = wire.blank(size)
    files = [wire.sealed(drawn.position), wire.sealed(rows), os.dup(answer)]
    answers.blind({"rows": len(rows), "width": rows.shape[1]}, files, predictor, None)
    return audit.blind_nats(scoring.read_exactly(answer, size), bulk, drawn, predictor.vocabulary)


def draw(windows: Text, bulk: Answer, seed: int = 1, weight: np.ndarray | None = None) -> audit.Drawn:
    eligible = np.arange(len(windows.tokens))
    weight = np.ones(len(windows.text)) if weight is None else weight
    return audit.draw(np.random.default_rng(seed), bulk, windows, eligible, weight, audit.MAX_POSITIONS)


def audited(windows: Text, bulk: Answer, predictor: Predictor, precision: str = "float32") -> audit.Audit:
    drawn = draw(windows, bulk)
    blind = ask_blind(bulk, drawn, predictor)
    return audit.correct(bulk, drawn, blind, np.arange(len(windows.tokens)), len(windows.text), precision)


def unaudited(bulk: Answer, windows: Text) -> float:
    return scoring.bits_per_byte(bulk.nats.sum(), len(windows.text))


@pytest.fixture(scope="module")
def honest(windows: Text, prepared: list[bytes]) -> tuple[Answer, Predictor]:
    predictor = Predictor(Small(len(prepared)).eval(), honestly, CPU, len(prepared))
    return ask_bulk(windows, prepared, predictor), predictor


# --- Honest models ---


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "experts", "bfloat16 experts"])
def test_an_honest_model_is_not_flagged_and_keeps_its_score(windows: Text, prepared: list[bytes], kind: str):
    model = Small(len(prepared), experts=4 if "experts" in kind else 0).eval()
    low = "bfloat16" in kind
    predictor = Predictor(model.bfloat16() if low else model, honestly, CPU, len(prepared))
    bulk = ask_bulk(windows, prepared, predictor)
    found = audited(windows, bulk, predictor, "bfloat16" if low else "float32")
    assert found.flags == []
    assert found.n == len(windows.tokens)
    assert found.val_bpb == pytest.approx(unaudited(bulk, windows), abs=1e-4)


def test_another_tokenizer_is_scored_on_the_same_text(windows: Text):
    by_byte = [b"", *(bytes([byte]) for byte in range(256))]
    predictor = Predictor(Small(257).eval(), honestly, CPU, 257)
    bulk = ask_bulk(windows, by_byte, predictor, encode=lambda text: [1 + byte for byte in text])
    assert bulk.counts.sum() == len(windows.text)
    found = audited(windows, bulk, predictor)
    assert found.flags == []
    assert found.val_bpb == pytest.approx(unaudited(bulk, windows), abs=1e-4)


def test_a_uniform_model_costs_log2_of_the_vocabulary_per_token(windows: Text, prepared: list[bytes]):
    size = len(prepared)
    predictor = Predictor(nn.Identity(), lambda _, x: torch.full((*x.shape, size), -math.log(size)), CPU, size)
    bulk = ask_bulk(windows, prepared, predictor)
    expected = math.log2(size) * windows.tokens.size / len(windows.text)
    assert unaudited(bulk, windows) == pytest.approx(expected, rel=1e-6)


# --- Honest mistakes, reported in a sentence ---


@pytest.mark.parametrize(
    ("reason", "log_probs"),
    [
        ("not normalised", lambda model, x: honestly(model, x) + 0.1),
        ("shape", lambda model, x: honestly(model, x)[..., :-1]),
        ("looks ahead", lambda model, x: F.log_softmax(honestly(model, x.roll(-1, 1)), -1)),
    ],
)
def test_a_mistake_is_named(windows: Text, prepared: list[bytes], honest: tuple, reason: str, log_probs: Callable):
    with pytest.raises(answers.Unable) as caught:
        ask_bulk(windows, prepared, replace(honest[1], log_probs=log_probs))
    assert caught.value.reason == reason


def test_a_tokenizer_that_loses_the_text_is_refused(windows: Text, prepared: list[bytes], honest: tuple):
    with pytest.raises(wire.Refused, match="windows' bytes"):
        ask_bulk(windows, prepared, honest[1], encode=lambda text: [1] * 5)
    with pytest.raises(answers.Unable, match="do not fit"):
        ask_bulk(windows, prepared, honest[1], encode=lambda text: [len(prepared)])


def test_a_diverged_model_is_not_a_number(windows: Text, prepared: list[bytes], honest: tuple):
    broken = replace(honest[1], log_probs=lambda _, x: torch.full((*x.shape, len(prepared)), math.nan))
    with pytest.raises(Crash) as caught:
        ask_bulk(windows, prepared, broken)
    assert caught.value.reason == "not a number"


# --- Answers that do not encode the text ---


def write(bulk: Answer, windows: Text) -> int:
    """The answer as a candidate would write it."""
    rows = len(bulk.counts)
    capacity, size = wire.answer_layout(rows, len(windows.text))
    file = wire.blank(size)
    wire.write_all(file, bulk.counts.astype("<i4").tobytes())
    wire.write_all(file, bulk.ids.astype("<i4").tobytes(), 4 * rows)
    wire.write_all(file, bulk.nats.astype("<f8").tobytes(), 4 * rows + 4 * capacity)
    return file


def changed(values: np.ndarray, place: int, value: float) -> np.ndarray:
    values = values.copy()
    values[place] = value
    return values


@pytest.mark.parametrize(
    ("what", "field", "place", "value"),
    [
        ("negative", "nats", 7, -1e-9),
        ("diverged", "nats", 7, math.nan),
        ("diverged", "nats", 7, math.inf),
        ("token ids below", "ids", 7, -1),
        ("token ids below", "ids", 7, 65_535),
        ("bytes", "ids", 7, 0),
        ("counts", "counts", 0, 0),
        ("counts", "counts", 0, -5),
        ("counts", "counts", 0, 2**31 - 1),
        ("counts", "counts", 0, 10_000),
        ("bytes", "counts", 0, 255),
    ],
)
def test_an_answer_that_is_no_code_is_refused(
    windows: Text, prepared: list[bytes], honest: tuple, what: str, field: str, place: int, value: float
):
    bulk = honest[0]
    scoring.read_answer(write(bulk, windows), windows, prepared)
    wrong = replace(bulk, **{field: changed(getattr(bulk, field), place, value)})
    with pytest.raises((wire.Refused, Crash), match=what):
        scoring.read_answer(write(wrong, windows), windows, prepared)


def test_bytes_swapped_for_others_of_the_same_length_are_refused(windows: Text, prepared: list[bytes], honest: tuple):
    bulk = honest[0]
    old = bulk.ids[7]
    other = next(i for i, token in enumerate(prepared) if len(token) == len(prepared[old]) and i != old)
    with pytest.raises(wire.Refused, match="other bytes"):
        scoring.read_answer(write(replace(bulk, ids=changed(bulk.ids, 7, other)), windows), windows, prepared)


# --- Overstatements ---


def test_a_little_shaved_off_everywhere_gains_nothing_and_is_noticed(windows: Text, honest: tuple):
    bulk, predictor = honest
    shaved = replace(bulk, nats=bulk.nats - 0.003)
    found = audited(windows, shaved, predictor)
    means = [_corrected(windows, shaved, bulk, seed) for seed in range(200)]
    assert np.mean(means) == pytest.approx(unaudited(bulk, windows), abs=5e-5)
    assert "differ by more than" in found.flags[0]


def test_forgiving_the_costliest_tokens_gains_nothing_on_average(windows: Text, honest: tuple):
    bulk, _ = honest
    costliest = np.argsort(bulk.nats)[-len(bulk.nats) // 100 :]
    forgiven = bulk.nats.copy()
    forgiven[costliest] = 0.0
    lie = replace(bulk, nats=forgiven)
    weight = np.repeat(bulk.nats / np.maximum(bulk.sizes, 1), bulk.sizes)  # As if the champion paid the same.
    means = [_corrected(windows, lie, bulk, seed, weight) for seed in range(1000)]
    gained = unaudited(bulk, windows) - unaudited(lie, windows)
    error = np.std(means) / math.sqrt(len(means))
    assert abs(np.mean(means) - unaudited(bulk, windows)) < 4 * error < gained / 2


def test_claims_below_the_champions_draw_the_audit_to_them(windows: Text, honest: tuple):
    bulk, _ = honest
    forgiven = np.argsort(bulk.nats)[-len(bulk.nats) // 100 :]
    nats = bulk.nats.copy()
    nats[forgiven] = 0.0
    champion = np.repeat(bulk.nats / np.maximum(bulk.sizes, 1), bulk.sizes)
    first_token = np.cumsum(bulk.counts) - bulk.counts
    hits = 0
    for seed in range(100):
        drawn = draw(windows, replace(bulk, nats=nats), seed, champion)
        hits += np.isin(first_token[drawn.window] + drawn.position, forgiven).sum()
    lying = len(np.unique(np.searchsorted(first_token, forgiven, side="right")))
    assert hits / 100 > lying / 4  # A quarter of these windows, though one position in a hundred lies.


def _corrected(windows: Text, claimed: Answer, truth: Answer, seed: int, weight: np.ndarray | None = None) -> float:
    """The deciding number for claims when the blind predictions are true."""
    drawn = draw(windows, claimed, seed, weight)
    places = (np.cumsum(truth.counts) - truth.counts)[drawn.window] + drawn.position
    everywhere = np.arange(len(windows.tokens))
    return audit.correct(claimed, drawn, truth.nats[places], everywhere, len(windows.text), "float32").val_bpb


def test_what_is_drawn_stands_for_what_is_not(windows: Text, honest: tuple):
    weight = np.random.default_rng(2).random(len(windows.text)) ** 4
    bulk = honest[0]
    starts = np.cumsum(bulk.counts) - bulk.counts
    drawn = [
        audit.draw(np.random.default_rng(seed), bulk, windows, np.arange(10), weight, most=5) for seed in range(4000)
    ]
    assert all(len(np.unique(d.window)) == 5 and d.window.max() < 10 for d in drawn)
    hits = np.concatenate([starts[d.window] + d.position for d in drawn])
    inverse = 1 / np.concatenate([d.probability for d in drawn])
    ends = np.cumsum(bulk.sizes)
    costs = np.add.reduceat(weight, ends - bulk.sizes)[: starts[10]]  # Costly positions are sampled more often.
    for values in (np.ones(starts[10]), costs):
        assert (inverse * values[hits]).sum() / len(drawn) == pytest.approx(values.sum(), rel=0.02)


def test_a_blind_row_holds_what_comes_before_its_position_and_nothing_else(windows: Text, honest: tuple):
    bulk = honest[0]
    drawn = draw(windows, bulk)
    rows = audit.prefixes(bulk, drawn)
    assert len(np.unique(drawn.window)) == len(rows)
    for row, window, position in zip(rows, drawn.window, drawn.position, strict=True):
        assert np.array_equal(row[:position], windows.tokens[window][:position])
        assert not row[position:].any()


def test_the_champions_nats_find_their_places_again_after_another_shuffle(windows: Text, honest: tuple):
    bulk = honest[0]
    again, places = dataset.shuffled_together(windows, windows, seed=4)
    spread = audit.nats_of_bytes(bulk, windows, np.arange(len(windows.tokens)))
    assert spread.sum() == pytest.approx(bulk.nats.sum(), rel=1e-5)
    weight = audit.weights_of_bytes(spread, windows, again, places)
    for window, place in enumerate(places):
        own = weight[again.offsets[window] : again.offsets[window + 1]]
        if place < len(windows.tokens):
            assert np.array_equal(own, spread[windows.offsets[place] : windows.offsets[place + 1]])
        else:
            assert (own == 1).all()


def test_blind_predictions_need_not_be_normalised_to_be_read_as_such(windows: Text, honest: tuple):
    bulk, predictor = honest
    drawn = draw(windows, bulk)
    rows, size = len(drawn.window), predictor.vocabulary
    scores = np.full((rows, size), 50.0, dtype="<f4")
    nats = audit.blind_nats(scores.tobytes(), bulk, drawn, size)
    assert nats == pytest.approx(np.full(rows, math.log(size)))
    for wrong in (math.nan, math.inf, -math.inf):
        scores[3] = wrong
        with pytest.raises(wire.Refused):
            audit.blind_nats(scores.tobytes(), bulk, drawn, size)


def test_a_target_that_the_blind_model_rules_out_is_flagged(windows: Text, honest: tuple):
    bulk, _ = honest
    drawn = draw(windows, bulk)
    blind = np.full(len(drawn.window), math.inf)
    found = audit.correct(bulk, drawn, blind, np.arange(len(windows.tokens)), len(windows.text), "bfloat16")
    assert found.flags
    assert not found.val_bpb < 100
