"""Prepared data of made-up packages, small enough that a trial on them takes a second.

python src/cheats/data.py FOLDER writes the packages to FOLDER/node_modules and the prepared data to FOLDER/data.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "trainer"))

import source
from corpus import store
from corpus.packages import open_packages, split_of

PACKAGES = {"train": 16, "val": 5, "test": 2}
FILES = 3  # In each package.
WORDS_IN_FILE = 2600
WORDS = 120
SUCCESSORS = 3  # Words that usually follow a word; different ones in each package.
RARE_SHARE = 0.002  # Share of the words that are made up on the spot, so that they cost every model a lot.


def made_up(random: np.random.Generator, length: int) -> str:
    """A word of this many letters."""
    return "".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), length))


def text(random: np.random.Generator, words: list[str], followed_by: np.ndarray) -> str:
    """Words that usually follow from the one before, ten per line."""
    said = []
    current = 0
    for number in range(WORDS_IN_FILE):
        follows = random.random() < 0.7
        current = followed_by[current, random.integers(SUCCESSORS)] if follows else random.integers(WORDS)
        rare = random.random() < RARE_SHARE
        said.append((made_up(random, 9) if rare else words[current]) + ("\n" if number % 10 == 9 else ""))
    return " ".join(said)


def write_packages(root: Path) -> None:
    """Packages whose names give each split as many as PACKAGES says, with their lock file."""
    random = np.random.default_rng(5)  # Other text would need other seeds in scene.test-helper.ts.
    words = [made_up(random, random.integers(3, 8)) for _ in range(WORDS)]
    usual = random.integers(WORDS, size=(WORDS, SUCCESSORS))
    missing = dict(PACKAGES)
    locked = {}
    number = 0
    while any(missing.values()):
        name = f"package-{number}"
        number += 1
        split = split_of(name)
        if missing[split] == 0:
            continue
        missing[split] -= 1
        locked[f"node_modules/{name}"] = {"version": "1.0.0"}
        own = np.where(random.random(usual.shape) < 0.3, random.integers(WORDS, size=usual.shape), usual)
        folder = root / "node_modules" / name
        folder.mkdir(parents=True)
        for file in range(FILES):
            (folder / f"file-{file}.md").write_text(text(random, words, own), encoding="utf-8")
    (root / "package-lock.json").write_text(json.dumps({"packages": locked}), encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write_packages(folder)
    # Whatever source this repository asks for: the referee accepts no other.
    prepared = store.write(open_packages(folder), source.wanted(), folder / "prepared", print)
    store.point(folder / "data", prepared)
