"""TinyStories and climbmix, from request to prepared data. A small hub on this machine replaces the real one."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

import corpus
import source
from conftest import WORDS
from corpus import hub as remote_hub
from local_hub import LocalHub
from source import DataError
from test_corpus import documents

STORIES_AT = "/datasets/roneneldan/TinyStories/resolve/f54c09fd23315a6f9c86f9dc80f725de7d8f9c64/"
SHARDS_AT = "/datasets/karpathy/climbmix-400b-shuffle/resolve/915333b4f8b8684f39aeaafea600fea6f43fb703/"


def texts(seed: int, count: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 900)).strip() for _ in range(count)]


def shard(path: Path, column: list[str], name: str = "text") -> bytes:
    write_parquet(Table.from_pydict({name: Array(column, DataType.string())}), path)
    return path.read_bytes()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalHub]:
    """Two files of stories and four shards; their hashes are pinned like those of the real ones."""
    server = LocalHub()
    monkeypatch.setenv("HF_ENDPOINT", server.url + "/")
    train, valid = texts(1, 300), texts(2, 40)
    valid[7] = train[5]  # Held out here, so not to be trained on there.
    server.files[STORIES_AT + "TinyStoriesV2-GPT4-train.txt"] = "\n<|endoftext|>\n".join(train).encode()
    server.files[STORIES_AT + "TinyStoriesV2-GPT4-valid.txt"] = "\n<|endoftext|>\n".join(valid).encode()
    server.texts = {"train": train, "valid": valid}
    for number in (0, 1, 6541, 6542):
        server.texts[number] = texts(number, 30)
        server.files[f"{SHARDS_AT}shard_{number:05d}.parquet"] = shard(tmp_path / "shard", server.texts[number])
    for path, content in server.files.items():
        name, digest = path.rpartition("/")[2], hashlib.sha256(content).hexdigest()
        if number := re.fullmatch(r"shard_(\d+)\.parquet", name):
            monkeypatch.setitem(remote_hub.SHARD_HASHES, int(number[1]), digest)
        else:
            monkeypatch.setitem(remote_hub.STORIES_HASHES, name, digest)
    yield server
    server.close()


def test_stories_to_train_on_are_the_whole_ones_of_the_beginning(hub: LocalHub, tmp_path: Path):
    folder = corpus.prepare(source.parse("tinystories: 1 MB"), tmp_path / "data")
    trained = documents(folder, "train")
    whole = hub.files[STORIES_AT + "TinyStoriesV2-GPT4-train.txt"][:1_000_000].count(b"<|endoftext|>")
    assert trained == [story for story in hub.texts["train"][:whole] if story != hub.texts["valid"][7]]
    assert len(trained) == whole - 1
    assert documents(folder, "val") == hub.texts["valid"][0::2]
    assert documents(folder, "test") == hub.texts["valid"][1::2]


def test_all_stories_are_verified_by_the_pinned_hash(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = STORIES_AT + "TinyStoriesV2-GPT4-train.txt"
    monkeypatch.setattr(remote_hub, "STORIES_BYTES", len(hub.files[path]))
    everything = source.parse("tinystories: 9000 MB")
    folder = corpus.prepare(everything, tmp_path / "a" / "data")
    assert len(documents(folder, "train")) == len(hub.texts["train"]) - 1
    hub.files[path] = hub.files[path].replace(b"value", b"error")
    hub.announced[path] = remote_hub.STORIES_HASHES["TinyStoriesV2-GPT4-train.txt"]
    with pytest.raises(DataError, match="thrown away"):
        corpus.prepare(everything, tmp_path / "b" / "data")


def test_the_last_two_shards_are_held_out_and_the_first_ones_trained_on(hub: LocalHub, tmp_path: Path):
    folder = corpus.prepare(source.parse("climbmix: 2 shards"), tmp_path / "data")
    assert documents(folder, "train") == hub.texts[0] + hub.texts[1]
    assert documents(folder, "val") == hub.texts[6542]
    assert documents(folder, "test") == hub.texts[6541]
    assert json.loads((folder / "manifest.json").read_text())["source"] == "climbmix: 2 shards"


def test_more_text_downloads_only_what_is_new_and_less_downloads_nothing(hub: LocalHub, tmp_path: Path):
    corpus.prepare(source.parse("climbmix: 1 shard"), tmp_path / "data")
    first = [path for path, _ in hub.asked]
    corpus.prepare(source.parse("climbmix: 2 shards"), tmp_path / "data")
    assert [path for path, _ in hub.asked[len(first) :]] == [SHARDS_AT + "shard_00001.parquet"]
    for file in (tmp_path / "downloads").glob("*.parquet"):
        file.unlink()  # As when space runs out: prepared data does not need them.
    hub.asked.clear()
    corpus.prepare(source.parse("climbmix: 1 shard"), tmp_path / "data")
    assert hub.asked == []


def test_a_shard_without_a_pinned_hash_is_recorded(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(remote_hub.SHARD_HASHES, 0)
    one = source.parse("climbmix: 1 shard")
    corpus.prepare(one, tmp_path / "data")
    record = (tmp_path / "downloads" / "climbmix-shard_00000.parquet.sha256").read_text()
    content = hub.files[SHARDS_AT + "shard_00000.parquet"]
    assert record == f"{hashlib.sha256(content).hexdigest()}  climbmix-shard_00000.parquet\n"


def test_held_out_text_is_bounded(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(corpus.store, "MAX_HELD_OUT_BYTES", 60_000)
    folder = corpus.prepare(source.parse("climbmix: 1 shard"), tmp_path / "data")
    kept = documents(folder, "val")
    assert kept == hub.texts[6542][: len(kept)]
    assert 50_000 < sum(map(len, kept)) <= 60_000


def test_a_shard_without_text_names_what_it_has(tmp_path: Path):
    shard(tmp_path / "shard", ["a"], name="body")
    with pytest.raises(DataError, match=r"expected a column `text` in \S+shard, found body"):
        list(remote_hub.rows(tmp_path / "shard"))


def test_a_missing_reader_is_named_before_anything_is_downloaded(
    hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "arro3.io", None)
    with pytest.raises(DataError, match=r"arro3-io.*npm run setup"):
        corpus.prepare(source.parse("climbmix: 1 shard"), tmp_path / "data")
    assert hub.asked == []


def test_more_shards_than_there_are_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="at most 6541 shards"):
        corpus.prepare(source.parse("climbmix: 6542 shards"), tmp_path / "data")
