"""The sources that are downloaded from Hugging Face: "tinystories" and "climbmix".

Both are pinned to one revision. The hashes are those that the Hub publishes (Git LFS) for it.
"""

import functools
import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from source import DataError, Source

from .download import Remote, fetch, known_hash
from .text import Corpus, hash_of

ENDPOINT = "https://huggingface.co"  # HF_ENDPOINT names a mirror, as it does for Hugging Face's own tools.

STORIES = ("roneneldan/TinyStories", "f54c09fd23315a6f9c86f9dc80f725de7d8f9c64")
STORIES_BYTES = 2_227_753_162
STORIES_HASHES = {
    "TinyStoriesV2-GPT4-train.txt": "6418d412de72888f52b5142c761ac21a582f7d1166f0bfbdb5f03ccfdec90443",
    "TinyStoriesV2-GPT4-valid.txt": "6874bae9a4c1a4e7edcf0e53b86c17817e9cf881fc75ff2368da457b80c0585d",
}
BETWEEN_STORIES = b"<|endoftext|>"

SHARDS = ("karpathy/climbmix-400b-shuffle", "915333b4f8b8684f39aeaafea600fea6f43fb703")
LAST_SHARD = 6542
# The validation shard of autoresearch, and the one before it; never trained on.
HELD_OUT_SHARDS = {"val": LAST_SHARD, "test": LAST_SHARD - 1}
SHARD_TEXT_BYTES = 250_000_000  # Approximately; a download of 92 MB.
SHARD_HASHES = {
    0: "054ddbd98abf30d773c54de578fc9d579bafeb6c14e04e97bd36aa90e825bf9b",
    1: "d4cfe1de19f4fd976022a9047458655968bc5583582ec5fa714801ec2be2c93c",
    2: "5e80d7596d53be648d841ea5811082747281c39f6851e10dd90375a84bc509a7",
    3: "b349c85d4b993d98e2328833ecfd3734692e0395a592d89858bae34a4ba73c59",
    4: "87dae96fe1a6116c54c7873aadb81832178a36755991befd1b3b641c76244474",
    5: "3d9aebf138ef69cff2585a686d7f21585b7ffc0de4655f8e7723590418583bd6",
    6: "6a3f2afde8f1a39f9283ea9d9e9ee6431634d6881b63798176bf64efc3f33576",
    7: "731eea337d941e5b18a9a4e2bbe73a517dac45d91bb93ae2e69346c68c5f37f6",
    8: "e78379132451838afabed9034b5483a2f3bc5a422bed8b55b99f2bbb9a128755",
    6541: "51da1a9bc052dfd5a77988d6ca4d1cbe62b89eedb247b56850fc1b9b45e56c73",
    6542: "769fe59d108dfd2cfa186c63173b83fbfb90a7adb3519519ba6eaa6ca9889f94",
}
ROWS_AT_A_TIME = 1024


def open_tinystories(source: Source, downloads: Path) -> Corpus:
    """Stories from the beginning of the training file; those of the validation file alternate between val and test."""
    wanted = min(source.amount * 1_000_000, STORIES_BYTES)
    first = None if wanted == STORIES_BYTES else wanted
    train = _story_file("train", first)
    held_out = _story_file("valid")
    parity = {"val": 0, "test": 1}

    def documents(split: str) -> Iterator[str]:
        if split == "train":
            yield from stories(_fetched(train, downloads), cut=first is not None)
            return
        for number, story in zip(count(), stories(_fetched(held_out, downloads), cut=False)):
            if number % 2 == parity[split]:
                yield story

    return Corpus(_inputs([train, held_out], downloads), wanted, documents)


def open_climbmix(source: Source, downloads: Path) -> Corpus:
    """Web text, by whole shards: the first ones to train on, the last two held out."""
    if source.amount > LAST_SHARD - 1:
        raise DataError(f"expected at most {LAST_SHARD - 1} shards of climbmix to train on, found {source.amount}")
    shards = {split: [shard_file(number)] for split, number in HELD_OUT_SHARDS.items()}
    shards["train"] = [shard_file(number) for number in range(source.amount)]

    def documents(split: str) -> Iterator[str]:
        for remote in shards[split]:
            yield from rows(_fetched(remote, downloads))

    _parquet_reader()  # Better to notice now than after a gigabyte of downloads.
    every = [remote for split in shards.values() for remote in split]
    return Corpus(_inputs(every, downloads), source.amount * SHARD_TEXT_BYTES, documents)


def shard_file(number: int) -> Remote:
    """The file of one shard of climbmix."""
    name = f"shard_{number:05d}.parquet"
    return Remote(_url(SHARDS, name), f"climbmix-{name}", SHARD_HASHES.get(number))


def _story_file(part: str, first_bytes: int | None = None) -> Remote:
    name = f"TinyStoriesV2-GPT4-{part}.txt"
    short = name if first_bytes is None else f"{name}.first-{first_bytes}"
    return Remote(_url(STORIES, name), short, STORIES_HASHES[name], first_bytes)


def _url(place: tuple[str, str], file: str) -> str:
    repository, revision = place
    endpoint = os.environ.get("HF_ENDPOINT") or ENDPOINT
    return f"{endpoint.rstrip('/')}/datasets/{repository}/resolve/{revision}/{file}"


@functools.cache
def _fetched(remote: Remote, downloads: Path) -> Path:
    """Verified once per process, however often it is read."""
    return fetch(remote, downloads)


def _inputs(remotes: list[Remote], downloads: Path) -> str:
    """What determines the text: the hashes of the files. A file with an unknown hash is downloaded first."""
    hashes = []
    for remote in remotes:
        if known_hash(remote, downloads) is None:
            _fetched(remote, downloads)
        hashes.append([remote.name, known_hash(remote, downloads)])
    return hash_of(json.dumps(hashes))


def stories(path: Path, cut: bool) -> Iterator[str]:
    """The stories of a text file, stripped. cut: the last one is incomplete."""
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            *whole, rest = (rest + chunk).split(BETWEEN_STORIES)
            yield from filter(None, (story.decode("utf-8").strip() for story in whole))
    if not cut and rest.strip():
        yield rest.decode("utf-8").strip()


def rows(path: Path) -> Iterator[str]:
    """The texts of a parquet file with a column `text`. Raises DataError if it has none."""
    for batch in _parquet_reader()(path, batch_size=ROWS_AT_A_TIME):
        if "text" not in batch.schema.names:
            raise DataError(f"expected a column `text` in {path}, found {', '.join(batch.schema.names)}")
        yield from filter(None, batch.column("text").to_pylist())


def _parquet_reader():
    try:
        from arro3.io import read_parquet
    except ImportError:
        raise DataError(
            "expected the package arro3-io, which reads parquet files, found none; "
            "run `npm run setup`, or by hand `python -m pip install ./trainer[parquet]`"
        ) from None
    return read_parquet
