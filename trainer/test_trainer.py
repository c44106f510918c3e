"""What the fixed half of the trainer promises: the same data everywhere, an honest clock, a score that is one."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import prepare
import pytest
import torch

import corpus

HERE = Path(__file__).parent
WORDS = [
    "const",
    "value",
    "return",
    "await",
    "export",
    "the",
    "of",
    "when",
    "error",
    "=>",
    "{",
    "}",
    "(",
    ")",
    ";",
    "\n",
]


def write_packages(root: Path, count: int = 40) -> tuple[Path, Path]:
    """A small node_modules with its lock file: made-up packages of made-up text, and one for another platform."""
    rng = np.random.default_rng(7)
    packages = {"": {"name": "root"}}
    for number in range(count):
        name = f"package-{number}"
        packages[f"node_modules/{name}"] = {"version": "1.0.0"}
        folder = root / "node_modules" / name
        folder.mkdir(parents=True)
        for file in ("index.js", "index.mjs", "README.md"):
            (folder / file).write_text(" ".join(rng.choice(WORDS, 1500)), encoding="utf-8")
        (folder / "LICENSE.md").write_text("The same text in every package.\n", encoding="utf-8")
        (folder / "index.min.js").write_text("minified", encoding="utf-8")
        (folder / "table.js").write_text("x" * 5000, encoding="utf-8")
    packages["node_modules/only-on-arm"] = {"version": "1.0.0", "optional": True, "cpu": ["arm64"]}
    lock = root / "package-lock.json"
    lock.write_text(json.dumps({"packages": packages}), encoding="utf-8")
    return root / "node_modules", lock


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("packages")
    packages, lock = write_packages(root)
    corpus.prepare(packages, lock, root / "data")
    return root / "data"


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch) -> prepare.Run:
    monkeypatch.setenv("AUTORESEARCH_DATA", str(data))
    monkeypatch.setenv("AUTORESEARCH_BUDGET", "0.3")
    monkeypatch.setenv("AUTORESEARCH_SEED", "5")
    return prepare.connect()


def documents(data: Path, split: str) -> list[dict]:
    return [json.loads(line) for line in (data / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]


def score_with(log_probs: prepare.LogProbs) -> float:
    cpu = torch.device("cpu")
    return prepare.score(torch.nn.Identity(), log_probs, prepare.held_out_windows("val", cpu), cpu)


def uniform(vocab_size: int) -> prepare.LogProbs:
    return lambda _, x: torch.full((*x.shape, vocab_size), -math.log(vocab_size))


# --- Data ---


def test_the_same_packages_give_the_same_digest_in_another_folder(data: Path, tmp_path: Path):
    packages, lock = write_packages(tmp_path)
    again = corpus.prepare(packages, lock, tmp_path / "data")
    assert again["digest"] == json.loads((data / "manifest.json").read_text())["digest"]


def test_changed_text_changes_the_digest(data: Path, tmp_path: Path):
    packages, lock = write_packages(tmp_path)
    (packages / "package-3" / "README.md").write_text("Something else.\n", encoding="utf-8")
    changed = corpus.prepare(packages, lock, tmp_path / "data")
    assert changed["digest"] != json.loads((data / "manifest.json").read_text())["digest"]


def test_a_package_is_in_one_split_only_and_scopes_stay_together():
    assert corpus.split_of("@scope/one") == corpus.split_of("@scope/two")
    assert {corpus.split_of(f"package-{number}") for number in range(40)} == set(corpus.SPLITS)


def test_held_out_text_is_kept_by_package_without_repeats_builds_minified_or_generated_files(data: Path):
    held_out = documents(data, "val") + documents(data, "test")
    for document in held_out:
        name, file = document["path"].split("/")
        assert corpus.split_of(name) != "train"
        assert file in ("index.mjs", "README.md", "LICENSE.md")
    assert len({document["text"] for document in held_out}) == len(held_out)


def test_platform_packages_and_those_with_an_install_script_are_left_out(tmp_path: Path):
    entries = {"os": ["linux"], "cpu": ["x64"], "libc": ["musl"], "optional": True, "hasInstallScript": True}
    packages = {f"node_modules/has-{key}": {"version": "1", key: value} for key, value in entries.items()}
    packages["node_modules/plain"] = {"version": "1"}
    packages["node_modules/plain/node_modules/@scope/nested"] = {"version": "1"}
    (tmp_path / "lock.json").write_text(json.dumps({"packages": packages}))
    assert list(corpus.locked_packages(tmp_path / "lock.json")) == ["@scope/nested", "plain"]


def test_a_missing_package_is_named_and_leaves_older_data_alone(data: Path, tmp_path: Path):
    packages, lock = write_packages(tmp_path)
    corpus.prepare(packages, lock, tmp_path / "data")
    (packages / "package-0").rename(tmp_path / "elsewhere")
    with pytest.raises(corpus.CorpusError, match=r"package-0 .*npm ci"):
        corpus.prepare(packages, lock, tmp_path / "data")
    assert (tmp_path / "data" / "manifest.json").is_file()


def test_tokens_give_the_text_back(data: Path):
    tokenizer = corpus.Tokenizer.from_file(str(data / "tokenizer.json"))
    offsets = np.load(data / "val.offsets.npy")
    tokens = np.load(data / "val.tokens.npy")
    first = tokens[offsets[0] + 1 : offsets[1]].tolist()
    assert tokenizer.decode(first) == documents(data, "val")[0]["text"]


# --- Score ---


def test_a_uniform_model_costs_log2_of_the_vocabulary_per_token(run: prepare.Run, data: Path):
    windows = prepare.held_out_windows("val", run.device)
    token_bytes = np.load(data / "token_bytes.npy")
    tokens, size = windows[:, 1:].numel(), token_bytes[windows[:, 1:]].sum()
    assert score_with(uniform(run.vocab_size)) == pytest.approx(math.log2(run.vocab_size) * tokens / size, rel=1e-5)


def test_probabilities_that_do_not_sum_to_one_are_refused(run: prepare.Run):
    with pytest.raises(ValueError, match="sum to one"):
        score_with(lambda _, x: uniform(run.vocab_size)(_, x) + 0.1)


def test_the_wrong_shape_is_refused(run: prepare.Run):
    with pytest.raises(ValueError, match="shape"):
        score_with(uniform(run.vocab_size + 1))


def test_a_diverged_model_scores_nan(run: prepare.Run):
    assert math.isnan(score_with(lambda _, x: torch.full((*x.shape, run.vocab_size), math.nan)))


def test_a_prediction_that_looks_at_the_next_token_is_refused(run: prepare.Run):
    def peeking(_: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        answers = torch.nn.functional.one_hot(x.roll(-2, dims=1), run.vocab_size)
        return torch.log_softmax(8.0 * answers, dim=-1)

    with pytest.raises(ValueError, match="earlier tokens only"):
        score_with(peeking)


# --- Clock and batches ---


def test_batches_end_with_the_budget_and_the_clock_starts_at_the_first(run: prepare.Run):
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


def first_batches(seed: str, monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    monkeypatch.setenv("AUTORESEARCH_SEED", seed)
    batches = prepare.connect().batches(4, 32)
    return [next(batches)[0] for _ in range(5)]


def test_the_seed_decides_the_order(run: prepare.Run, monkeypatch: pytest.MonkeyPatch):
    a, b, c = (first_batches(seed, monkeypatch) for seed in ("1", "1", "2"))
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert not any(torch.equal(x, y) for x, y in zip(a, c, strict=True))


def test_nothing_that_the_candidate_is_given_holds_held_out_text(run: prepare.Run, data: Path):
    held_out = np.load(data / "val.tokens.npy")
    arrays = [value for value in vars(run).values() if isinstance(value, np.ndarray)]
    assert arrays
    assert not any(np.array_equal(array[: len(held_out)], held_out) for array in arrays)
    assert not any(isinstance(value, str | Path) for value in vars(run).values())


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


def test_without_prepared_data_the_machine_is_at_fault(tmp_path: Path):
    done = train(tmp_path / "nothing")
    assert done.returncode == prepare.MACHINE_FAULT
    assert done.stderr.startswith(f"machine fault: no prepared data in {tmp_path / 'nothing'}; run ")


def test_every_constant_is_one_line_with_a_comment():
    source = (HERE / "train.py").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z][A-Z0-9_]*) = ", source, re.MULTILINE)
    plain = re.findall(r"^([A-Z][A-Z0-9_]*) = -?[\d.]+(?:e-?\d+)?  # \S.*$", source, re.MULTILINE)
    assert [name for name in names if name not in plain] == ["SCALE"]
