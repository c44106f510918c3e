"""Prepared data of a few made-up packages, the same for all tests, and a way to try candidates on it."""

import json
import os
import subprocess
import sys
from pathlib import Path

# Before torch is imported: at these sizes its threads only wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pytest

import clock
import dataset
import measure
import source
from corpus import store
from corpus.packages import open_packages
from example_candidates import HONEST
from measure import Options, Result

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


def write_packages(root: Path, count: int = 40) -> Path:
    """A small repository: a lock file and its packages of made-up text, one of which is for another platform."""
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
    (root / "package-lock.json").write_text(json.dumps({"packages": packages}), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with packages, not to be changed."""
    return write_packages(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="session")
def data(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data labelled as the source that the real repository asks for, whichever it is."""
    text = open_packages(repository)
    root = tmp_path_factory.mktemp("data")
    folder = store.write(text, source.wanted(), root / "prepared", print)
    store.point(root / "data", folder)
    return root / "data"


@pytest.fixture(scope="session")
def prepared(data: Path) -> list[bytes]:
    """The bytes of each id of the prepared tokenizer."""
    return dataset.read_vocabulary(data)


@pytest.fixture(scope="session")
def windows(data: Path, prepared: list[bytes]) -> dataset.Text:
    """Sixteen held-out windows."""
    every = dataset.held_out_windows(data, prepared, "val", 160)
    return dataset.Text(every.text[: every.offsets[16]], every.offsets[:17], every.tokens[:16])


@pytest.fixture
def tried(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a candidate that differs from the honest one by some lines, and returns its result."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(measure, "MOST_PAUSE_S", 0.05)
    monkeypatch.setattr(clock.Machine, "why_late", lambda _: None)  # Whatever else this machine is doing.

    def run(change: str = "", **options: object) -> Result:
        script = tmp_path / "train.py"
        script.write_text(HONEST + change + "\n\nrun()\n", encoding="utf-8")
        limits = {"budget": 20.0, "startup": 20.0, "scoring": 20.0, **options}
        return measure.measure(Options([sys.executable, str(script)], data, **limits))

    return run


@pytest.fixture
def git(tmp_path: Path):
    """Runs git in tmp_path."""
    return lambda *words: subprocess.run(["git", *words], cwd=tmp_path, check=True)
