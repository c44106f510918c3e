"""What a score is worth: honest models pass, and an overstatement gains nothing or is noticed."""

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

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
from scoring import Rows

CPU = torch.device("cpu")
BYTES = [b"", *(bytes([byte]) for byte in range(256))]


def ask_bulk(rows: Rows, predictor: Predictor, width: int | None = None) -> np.ndarray:
    answer = wire.blank(8 * len(rows.ids))
    files = [wire.sealed(rows.counts.astype("<i4")), wire.sealed(rows.ids.astype("<i4")), os.dup(answer)]
    question = {"rows": len(rows.counts), "width": width or int(rows.counts.max())}
    answers.bulk(question, files, predictor)
    return scoring.read_nats(scoring.read_exactly(answer, 8 * len(rows.ids)))


def ask_blind(rows: Rows, drawn: audit.Drawn, predictor: Predictor) -> np.ndarray:
    width = int(rows.counts.max())
    asked = audit.prefixes(rows, drawn, width)
    size = 4 * len(asked) * predictor.vocabulary
    answer = wire.blank(size)
    files = [wire.sealed(drawn.position), wire.sealed(asked), os.dup(answer)]
    answers.blind({"rows": len(asked), "width": width}, files, predictor)
    return audit.blind_nats(scoring.read_exactly(answer, size), rows, drawn, predictor.vocabulary)


def draw(rows: Rows, seed: int = 1, weight: np.ndarray | None = None) -> audit.Drawn:
    weight = np.ones(len(rows.ids)) if weight is None else weight
    return audit.draw(np.random.default_rng(seed), rows, weight, audit.MAX_POSITIONS)


def audited(rows: Rows, claimed: np.ndarray, predictor: Predictor) -> audit.Audit:
    drawn = draw(rows)
    return audit.correct(rows, claimed, drawn, ask_blind(rows, drawn, predictor), "cpu")


def number(rows: Rows, nats: np.ndarray) -> float:
    return scoring.bits_per_byte(nats.sum(), rows.text_bytes)


@pytest.fixture(scope="module")
def rows(windows: Text, prepared: list[bytes]) -> Rows:
    return scoring.cut_rows(prepared, windows)


@pytest.fixture(scope="module")
def honest(rows: Rows, prepared: list[bytes]) -> tuple[np.ndarray, Predictor]:
    predictor = Predictor(Small(len(prepared)).eval(), honestly, CPU, len(prepared))
    return ask_bulk(rows, predictor), predictor


# --- The text is cut by the referee ---


def test_the_tokens_of_a_window_stand_for_its_bytes(windows: Text, rows: Rows, prepared: list[bytes]):
    assert b"".join(prepared[token] for token in rows.ids) == windows.text
    assert rows.sizes.sum() == rows.text_bytes == len(windows.text)


def test_rows_can_be_chosen_and_joined(windows: Text, rows: Rows, prepared: list[bytes]):
    some = scoring.chosen_rows(rows, np.array([5, 2]))
    both = scoring.joined(some, rows)
    text = [windows.text[windows.offsets[w] : windows.offsets[w + 1]] for w in (5, 2)]
    assert b"".join(prepared[token] for token in some.ids) == b"".join(text)
    assert b"".join(prepared[token] for token in both.ids) == b"".join(text) + windows.text


# --- Honest models ---


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "experts", "bfloat16 experts"])
def test_an_honest_model_is_not_flagged_and_keeps_its_score(rows: Rows, prepared: list[bytes], kind: str):
    model = Small(len(prepared), experts=4 if "experts" in kind else 0).eval()
    predictor = Predictor(model.bfloat16() if "bfloat16" in kind else model, honestly, CPU, len(prepared))
    claimed = ask_bulk(rows, predictor)
    found = audited(rows, claimed, predictor)
    assert found.flags == []
    assert found.n == len(rows.counts)
    assert found.val_bpb == pytest.approx(number(rows, claimed), abs=1e-5)
    assert found.error < 1e-5


def test_another_tokenizer_is_scored_on_the_same_text(windows: Text):
    rows = scoring.cut_rows(BYTES, windows)
    predictor = Predictor(Small(257).eval(), honestly, CPU, 257)
    claimed = ask_bulk(rows, predictor)
    assert len(claimed) == len(windows.text)
    found = audited(rows, claimed, predictor)
    assert found.flags == []
    assert found.val_bpb == pytest.approx(number(rows, claimed), abs=1e-5)


def test_honest_windows_cost_the_same_in_any_company(rows: Rows, honest: tuple):
    claimed, predictor = honest
    again = audit.draw_company(np.random.default_rng(1), len(rows.counts))
    assert len(again) == 4
    alone = ask_bulk(scoring.chosen_rows(rows, again), predictor, int(rows.counts.max()))
    before = np.concatenate([claimed[s : s + c] for s, c in zip(rows.starts[again], rows.counts[again], strict=True)])
    assert audit.compare_company(before, alone, "cpu") == []


def test_a_uniform_model_costs_log2_of_the_vocabulary_per_token(rows: Rows, prepared: list[bytes]):
    size = len(prepared)
    predictor = Predictor(nn.Identity(), lambda _, x: torch.full((*x.shape, size), -math.log(size)), CPU, size)
    expected = math.log2(size) * len(rows.ids) / rows.text_bytes
    assert number(rows, ask_bulk(rows, predictor)) == pytest.approx(expected, rel=1e-6)


# --- Honest mistakes, reported in a sentence ---


@pytest.mark.parametrize(
    ("reason", "log_probs"),
    [
        ("not normalised", lambda model, x: honestly(model, x) + 0.1),
        ("shape", lambda model, x: honestly(model, x)[..., :-1]),
        ("looks ahead", lambda model, x: F.log_softmax(honestly(model, x.roll(-1, 1)), -1)),
    ],
)
def test_a_mistake_is_named_before_there_is_text(honest: tuple, reason: str, log_probs: Callable):
    with pytest.raises(answers.Unable) as caught:
        replace(honest[1], log_probs=log_probs).warm_up(64)
    assert caught.value.reason == reason


def test_a_diverged_model_is_not_a_number(rows: Rows, prepared: list[bytes], honest: tuple):
    broken = replace(honest[1], log_probs=lambda _, x: torch.full((*x.shape, len(prepared)), math.nan))
    with pytest.raises(Crash) as caught:
        ask_bulk(rows, broken)
    assert caught.value.reason == "not a number"


@pytest.mark.parametrize(("value", "kind"), [(-1e-9, wire.Refused), (math.nan, Crash), (math.inf, Crash)])
def test_costs_that_are_none_are_refused(honest: tuple, value: float, kind: type):
    nats = honest[0].copy()
    nats[7] = value
    with pytest.raises(kind):
        scoring.read_nats(nats.tobytes())


# --- Overstatements ---


def test_a_little_shaved_off_everywhere_gains_nothing_and_is_noticed(rows: Rows, honest: tuple):
    truth, predictor = honest
    shaved = truth - 0.003
    found = audited(rows, shaved, predictor)
    means = [_corrected(rows, shaved, truth, seed).val_bpb for seed in range(200)]
    assert np.mean(means) == pytest.approx(number(rows, truth), abs=5e-5)
    assert "differ by more than" in found.flags[0]


def test_forgiving_the_costliest_tokens_gains_nothing_on_average(rows: Rows, honest: tuple):
    truth, _ = honest
    lie = truth.copy()
    lie[np.argsort(truth)[-len(truth) // 100 :]] = 0.0
    means = [_corrected(rows, lie, truth, seed, truth).val_bpb for seed in range(1000)]  # The champion cost the same.
    gained = number(rows, truth) - number(rows, lie)
    error = np.std(means) / math.sqrt(len(means))
    assert abs(np.mean(means) - number(rows, truth)) < 4 * error < gained / 2


def test_the_stated_error_is_the_spread_of_the_corrected_number(rows: Rows, honest: tuple):
    truth, _ = honest
    lie = truth * np.random.default_rng(5).uniform(0.9, 1.0, len(truth))
    found = [_corrected(rows, lie, truth, seed, truth) for seed in range(500)]
    spread = np.std([each.val_bpb for each in found])
    assert np.mean([each.error for each in found]) == pytest.approx(spread, rel=0.2)


def test_a_number_that_its_audit_leaves_uncertain_is_flagged(rows: Rows, honest: tuple):
    truth, _ = honest
    lie = truth * np.random.default_rng(5).uniform(0.9, 1.0, len(truth))
    flags = _corrected(rows, lie, truth, 1, truth).flags
    assert any("uncertain" in flag for flag in flags)


def test_windows_that_profit_from_their_company_are_noticed(rows: Rows, honest: tuple):
    truth, _ = honest
    after = truth.copy()
    after[: len(truth) // 500] += 0.01
    assert "cost something else" in audit.compare_company(truth, after, "cpu")[0]
    assert audit.compare_company(truth, truth, "cpu") == []
    assert audit.compare_company(truth, np.full_like(truth, math.inf), "cpu") != []


def _corrected(
    rows: Rows, claimed: np.ndarray, truth: np.ndarray, seed: int, weight: np.ndarray | None = None
) -> audit.Audit:
    """The audit of claims where the blind predictions are true."""
    drawn = draw(rows, seed, weight)
    return audit.correct(rows, claimed, drawn, truth[rows.starts[drawn.window] + drawn.position], "cpu")


def test_what_is_drawn_stands_for_what_is_not(rows: Rows):
    ten = scoring.chosen_rows(rows, np.arange(10))
    weight = np.random.default_rng(2).random(len(ten.ids)) ** 4
    drawn = [audit.draw(np.random.default_rng(seed), ten, weight, most=5) for seed in range(4000)]
    assert all(len(np.unique(d.window)) == 5 and d.window.max() < 10 for d in drawn)
    hits = np.concatenate([ten.starts[d.window] + d.position for d in drawn])
    inverse = 1 / np.concatenate([d.probability for d in drawn])
    for values in (np.ones(len(ten.ids)), weight):  # Costly positions are drawn more often.
        assert (inverse * values[hits]).sum() / len(drawn) == pytest.approx(values.sum(), rel=0.02)


def test_a_blind_row_holds_what_comes_before_its_position_and_nothing_else(rows: Rows):
    drawn = draw(rows)
    asked = audit.prefixes(rows, drawn, 400)
    assert len(np.unique(drawn.window)) == len(asked)
    for row, window, position in zip(asked, drawn.window, drawn.position, strict=True):
        start = rows.starts[window]
        assert np.array_equal(row[:position], rows.ids[start : start + position])
        assert not row[position:].any()


def test_the_champions_nats_find_their_bytes_again_under_another_tokenizer(windows: Text, rows: Rows, honest: tuple):
    spread = audit.nats_of_bytes(rows, honest[0])
    assert spread.sum() == pytest.approx(honest[0].sum(), rel=1e-5)
    assert audit.weights_of_tokens(spread, rows) == pytest.approx(honest[0], rel=1e-4, abs=1e-4)
    assert audit.weights_of_tokens(spread, scoring.cut_rows(BYTES, windows)) == pytest.approx(spread, abs=1e-4)


def test_without_a_champion_a_simple_model_knows_where_an_overstatement_pays(data: Path, prepared: list[bytes]):
    windows = dataset.held_out_windows(data, prepared, "val", 160)
    rows = scoring.cut_rows(prepared, windows)
    known = dataset.simple_nats(data, prepared, windows)
    assert 0.5 * math.log(len(prepared)) > known.sum() / len(rows.ids)  # It has learned something.
    weight = audit.weights_of_tokens(known, rows)
    costly = weight >= np.sort(weight)[-len(weight) // 500]  # Claimed to cost nothing: 0.2% of the tokens.

    def finds(seed: int) -> bool:
        random = np.random.default_rng(seed)
        drawn = audit.draw_suspicious(random, rows, np.where(costly, weight, 0.03 * weight), 160)
        return costly[rows.starts[drawn.window] + drawn.position].any()

    assert sum(map(finds, range(100))) >= 90  # Though it is a little better everywhere. Drawn evenly: 7.


def test_blind_predictions_need_not_be_normalised_to_be_read_as_such(rows: Rows, honest: tuple):
    drawn = draw(rows)
    count, size = len(drawn.window), honest[1].vocabulary
    scores = np.full((count, size), 50.0, dtype="<f4")
    nats = audit.blind_nats(scores.tobytes(), rows, drawn, size)
    assert nats == pytest.approx(np.full(count, math.log(size)))
    for wrong in (math.nan, math.inf, -math.inf):
        scores[3] = wrong
        with pytest.raises(wire.Refused):
            audit.blind_nats(scores.tobytes(), rows, drawn, size)


def test_a_target_that_the_blind_model_rules_out_is_flagged(rows: Rows, honest: tuple):
    drawn = draw(rows)
    found = audit.correct(rows, honest[0], drawn, np.full(len(drawn.window), math.inf), "cuda")
    assert found.flags
    assert not found.val_bpb < 100
