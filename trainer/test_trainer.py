"""What the fixed half of the trainer promises: an honest clock, the same batches, a script that runs."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import prepare
import pytest
import torch

import dataset
import wire

HERE = Path(__file__).parent


def start(data: Path, seed: int = 5, budget: float = 0.3, role: str = "train") -> prepare.Run:
    """A run whose referee has already sent everything that comes before the score."""
    ours, theirs = (wire.Channel(end) for end in socket.socketpair())
    prepared = dataset.read_vocabulary(data)
    text = dataset.training_text(data, prepared, seed)
    files = [wire.sealed(text.text), wire.sealed(text.offsets), wire.sealed(text.tokens)]
    ours.send("go", files if role == "train" else [], budget_s=budget, width=0)
    setup = {
        "role": role,
        "seed": seed,
        "budget_s": budget,
        "clock": "wall",
        "startup_s": 9,
        "device": "cpu",
        "window": 256,
    }
    run = prepare.Run(theirs, setup, prepared)
    run.referee = ours  # Kept open.
    return run


# --- Clock and batches ---


def test_batches_end_with_the_budget_and_the_clock_starts_at_the_first(data: Path):
    run = start(data)
    assert run.elapsed == 0.0
    shares = []
    for x, y in run.batches(2, 16):
        assert x.shape == y.shape == (2, 16)
        assert x.dtype == torch.int64
        assert (x[:, 0] == prepare.BOS).all()
        assert torch.equal(x[:, 1:], y[:, :-1])
        shares.append(run.progress)
    assert shares == sorted(shares)
    assert shares[0] < 1.0
    assert run.progress == 1.0


def test_the_seed_decides_the_order(data: Path):
    def first_batches(seed: int) -> list[torch.Tensor]:
        batches = start(data, seed).batches(4, 32)
        return [next(batches)[0] for _ in range(5)]

    a, b, c = map(first_batches, (1, 1, 2))
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert not any(torch.equal(x, y) for x, y in zip(a, c, strict=True))


def test_the_documents_are_the_text_of_the_tokens(data: Path):
    run = start(data)
    written = b"".join(run.documents())
    assert written == b"".join(run.vocabulary[token] for token in run._tokens)


def test_reports_tell_the_mean_loss_in_bits_per_byte_of_the_text(data: Path, monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(prepare.time, "monotonic", lambda: now)
    run = start(data, budget=60)
    next(run.batches(2, 16))
    run.report(0, torch.tensor(4.0))
    run.report(1, torch.tensor(2.0))
    run.report(2, 3.0)
    now += prepare.REPORT_EVERY_S
    run.report(3, 4.0)
    run.referee.receive("ready")
    told = [run.referee.receive("progress")[0] for _ in range(2)]
    assert [message["loss"] for message in told] == [4.0, 3.0]
    bytes_of_text = sum(len(run.vocabulary[token]) for token in run._tokens)
    assert told[1]["bpb"] == pytest.approx(3.0 * len(run._tokens) / bytes_of_text / np.log(2))
    now += prepare.REPORT_EVERY_S
    next(run.batches(2, 16, run._tokens))  # Its own tokens: only it knows their bytes.
    run.report(4, 1.0)
    assert run.referee.receive("progress")[0]["bpb"] is None


def test_where_a_model_is_only_scored_there_is_nothing_to_train_on(data: Path):
    run = start(data, role="bulk")
    assert list(run.batches(2, 16)) == list(run.documents()) == []
    assert not run.training


def test_time_in_which_the_next_batch_was_waited_for_is_not_time_in_steps(data: Path, monkeypatch):
    run, model = start(data, budget=100.0), torch.nn.Linear(3, 5, bias=False)
    now = [0.0]
    monkeypatch.setattr(prepare, "time", SimpleNamespace(monotonic=lambda: now[0]))
    made = run._rows

    def slowly(*of: object):
        for rows in made(*of):
            now[0] += 1.0
            yield rows

    monkeypatch.setattr(run, "_rows", slowly)
    for _ in run.batches(2, 16):
        now[0] += 9.0
    stats = run._stats(model)
    assert stats["num_steps"] == 10  # One second for the first batch, then ten for each step and the next batch.
    assert stats["steps_seconds"] == 90.0
    assert stats["total_tokens_M"] == 10 * 2 * 16 / 1e6


def test_utilisation_counts_matrices_and_attention_but_no_tables(data: Path, monkeypatch):
    run = start(data, budget=10.0)
    now = [0.0]
    monkeypatch.setattr(prepare, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(prepare.hardware, "peak_flops", lambda _: 1e6)
    for _ in run.batches(2, 16):
        now[0] += 10.0
    model = torch.nn.ModuleList([torch.nn.Embedding(7, 8), torch.nn.Linear(8, 100, bias=False)])
    model.depth, model.width = 3, 8
    operations = (6 * 800 + 12 * 3 * 8 * 16) * 2 * 16
    assert run._stats(model)["mfu_percent"] == pytest.approx(100 * operations / 10.0 / 1e6)


# --- The script ---


def train(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "AUTORESEARCH_DATA": str(data), "AUTORESEARCH_BUDGET": "0.5", **environment}
    return subprocess.run(
        [sys.executable, HERE / "train.py"], env=variables, capture_output=True, text=True, timeout=50
    )


def test_the_script_prints_progress_and_the_summary(data: Path):
    done = train(data)
    assert done.returncode == 0, done.stderr
    progress, summary = done.stdout.split("---\n")
    for line in progress.splitlines():
        assert re.fullmatch(r"step \d+  loss \d+\.\d{4}  \d+\.\d s left", line)
    numbers = dict(re.fullmatch(r"(\w+): +(-?[\d.]+)", line).groups() for line in summary.splitlines())
    names = "val_bpb training_seconds total_seconds peak_vram_mb mfu_percent"
    assert list(numbers) == [*names.split(), "total_tokens_M", "num_steps", "num_params_M", "depth"]
    assert 0 < float(numbers["val_bpb"]) < 20


def test_the_referee_writes_its_result_and_the_nats_of_an_audit(data: Path, tmp_path: Path):
    files = ["--out", tmp_path / "r.json", "--nats", tmp_path / "n.npy"]
    words = ["--budget", "0.5", "--clock", "cpu", "--audit", "--data", data, *files]
    done = subprocess.run([sys.executable, HERE / "referee.py", *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["outcome"] == {"status": "measured", "value": result["audited"]["val_bpb"]}
    assert result["audited"]["flags"] == []
    assert abs(result["audited"]["val_bpb"] - result["val_bpb"]) < 1e-4
    assert "audit: passed (n " in done.stdout
    nats = np.load(tmp_path / "n.npy")
    assert nats.sum() / np.log(2) / len(nats) == pytest.approx(result["val_bpb"], rel=1e-4)


def test_without_prepared_data_the_machine_is_at_fault(tmp_path: Path):
    done = train(tmp_path / "nothing")
    assert done.returncode == dataset.MACHINE_FAULT
    assert done.stderr.startswith(
        f"machine fault: no prepared data in {tmp_path / 'nothing'}; run `python3 trainer/prepare.py"
    )
    assert str(HERE) not in done.stderr, "the folder of the job is gone when it has ended"


def test_the_text_is_prepared_once(data: Path, tmp_path: Path):
    words = ["sh", str(HERE / "prepare_once.sh")]
    bare = {"PATH": "/nonexistent", "HOME": str(tmp_path)}
    there = subprocess.run(words, env=os.environ | {"AUTORESEARCH_DATA": str(data)}, capture_output=True, text=True)
    assert (there.returncode, there.stdout) == (0, "")
    absent = subprocess.run(["/bin/sh", words[1]], env=bare, capture_output=True, text=True)
    assert absent.returncode != 0
    assert absent.stdout.startswith("Preparing the training text in ")


def test_every_constant_is_one_line_with_a_comment():
    source = (HERE / "train.py").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z][A-Z0-9_]*) = ", source, re.MULTILINE)
    plain = re.findall(r"^([A-Z][A-Z0-9_]*) = -?[\d.]+(?:e-?\d+)?  # \S.*$", source, re.MULTILINE)
    assert [name for name in names if name not in plain] == ["SCALE"]
