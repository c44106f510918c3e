"""Downloads over bad connections: they resume where they broke off, and nothing wrong is ever kept."""

import dataclasses
import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import download
from corpus.download import Remote, fetch
from local_hub import LocalHub
from source import DataError

PATH = "/datasets/someone/texts/resolve/0123abc/shard.bin"
CONTENT = os.urandom(300_000)
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    server = LocalHub()
    server.files[PATH] = CONTENT
    yield server
    server.close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds waited between tries; nobody really waits."""
    slept: list[float] = []
    monkeypatch.setattr(download.time, "sleep", slept.append)
    return slept


@pytest.fixture
def remote(hub: LocalHub) -> Remote:
    return Remote(hub.url + PATH, "shard.bin", HASH)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_file_is_downloaded_once_and_its_hash_is_recorded(hub: LocalHub, remote: Remote, tmp_path: Path):
    path = fetch(remote, tmp_path / "downloads")
    assert path.read_bytes() == CONTENT
    assert (tmp_path / "downloads" / "shard.bin.sha256").read_text() == f"{HASH}  shard.bin\n"
    assert fetch(remote, tmp_path / "downloads") == path
    assert len(hub.asked) == 1
    assert names(tmp_path / "downloads") == ["shard.bin", "shard.bin.sha256"]


def test_a_broken_download_goes_on_where_it_broke_off(hub: LocalHub, remote: Remote, tmp_path: Path):
    hub.faults = ["break off", "break off"]
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert [asked for _, asked in hub.asked] == [None, "bytes=150000-", "bytes=225000-"]
    assert hub.sent == len(CONTENT)


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(
    hub: LocalHub, remote: Remote, tmp_path: Path, waits: list[float]
):
    hub.faults = ["break off", *["slow start"] * download.FAILURES]
    with pytest.raises(DataError, match=r"gave up http\S+ after 6 failures in a row.*run the same command again"):
        fetch(remote, tmp_path)
    assert waits == [1, 2, 4, 8, 16]
    hub.faults = []
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert hub.sent == len(CONTENT)


def test_a_server_that_ignores_ranges_is_read_from_the_beginning(hub: LocalHub, remote: Remote, tmp_path: Path):
    hub.faults = ["break off", "ignore ranges"]
    assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_a_range_that_was_not_asked_for_is_not_appended(hub: LocalHub, remote: Remote, tmp_path: Path):
    hub.faults = ["break off", "wrong range"]
    assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_what_changed_on_the_server_meanwhile_is_not_mixed(hub: LocalHub, remote: Remote, tmp_path: Path):
    hub.faults = ["break off", 404]
    with pytest.raises(DataError, match="404"):
        fetch(remote, tmp_path)
    other = os.urandom(len(CONTENT))
    hub.files[PATH] = other
    unpinned = dataclasses.replace(remote, sha256=None)
    assert fetch(unpinned, tmp_path).read_bytes() == other


def test_a_complete_part_is_not_downloaded_again(hub: LocalHub, remote: Remote, tmp_path: Path):
    """As after a crash between the last byte and the new name."""
    fetch(remote, tmp_path).rename(tmp_path / "shard.bin.part")
    (tmp_path / "shard.bin.etag").write_text(f'"{hashlib.md5(CONTENT).hexdigest()}"')
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert hub.sent == len(CONTENT)


def test_a_part_that_is_too_long_is_begun_again(hub: LocalHub, remote: Remote, tmp_path: Path):
    (tmp_path / "shard.bin.part").write_bytes(bytes(400_000))
    (tmp_path / "shard.bin.etag").write_text(f'"{hashlib.md5(CONTENT).hexdigest()}"')
    assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_when_it_says(hub: LocalHub, remote: Remote, tmp_path: Path, waits: list[float]):
    hub.faults = [(429, "7"), 500, 503, (429, "9999")]
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert waits == [7, 2, 4, download.LONGEST_WAIT_S]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_file_that_is_not_there_is_not_asked_for_again(
    hub: LocalHub, remote: Remote, tmp_path: Path, waits: list[float], status: int
):
    hub.faults = [status]
    with pytest.raises(DataError, match=rf"to be there, found {status} .*another source of text"):
        fetch(remote, tmp_path)
    assert waits == []


def test_without_a_network_it_is_given_up_in_the_end(remote: Remote, tmp_path: Path, waits: list[float]):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # Nothing listens there.
        nowhere = dataclasses.replace(remote, url=f"http://127.0.0.1:{closed.getsockname()[1]}/x")
        with pytest.raises(DataError, match="no answer"):
            fetch(nowhere, tmp_path)
    assert len(waits) == download.FAILURES - 1


# --- Hashes ---


def test_wrong_bytes_are_thrown_away(hub: LocalHub, remote: Remote, tmp_path: Path):
    hub.files[PATH] = CONTENT[:-1] + b"?"
    hub.announced[PATH] = HASH
    with pytest.raises(DataError, match=rf"SHA-256 {HASH} \(pinned in \S+\), found \w+\. It was thrown away") as error:
        fetch(remote, tmp_path)
    assert PATH in str(error.value)
    assert not (tmp_path / "shard.bin").exists()
    assert not (tmp_path / "shard.bin.part").exists()
    hub.files[PATH] = CONTENT
    assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_a_server_that_announces_another_file_is_not_even_read(hub: LocalHub, remote: Remote, tmp_path: Path):
    hub.announced[PATH] = "0" * 64
    with pytest.raises(DataError, match="Nothing was downloaded"):
        fetch(remote, tmp_path)
    assert hub.asked == []


def test_an_unpinned_file_has_to_be_what_the_server_announced(hub: LocalHub, remote: Remote, tmp_path: Path):
    hub.announced[PATH] = "0" * 64
    with pytest.raises(DataError, match=r"0000 \(announced by the server\)"):
        fetch(dataclasses.replace(remote, sha256=None), tmp_path)
    assert names(tmp_path) == []


def test_an_unpinned_file_has_to_stay_what_it_was(hub: LocalHub, remote: Remote, tmp_path: Path):
    unpinned = dataclasses.replace(remote, sha256=None)
    fetch(unpinned, tmp_path).unlink()
    hub.files[PATH] = b"something else"
    with pytest.raises(DataError, match=r"recorded in \S+shard.bin.sha256\).*delete that record"):
        fetch(unpinned, tmp_path)
    (tmp_path / "shard.bin.sha256").unlink()
    assert fetch(unpinned, tmp_path).read_bytes() == b"something else"


def test_a_file_that_was_damaged_on_disk_is_fetched_again(remote: Remote, tmp_path: Path):
    fetch(remote, tmp_path).write_bytes(b"damaged")
    assert fetch(remote, tmp_path).read_bytes() == CONTENT


# --- The beginning of a file ---


def test_only_the_beginning_is_downloaded(hub: LocalHub, remote: Remote, tmp_path: Path):
    beginning = dataclasses.replace(remote, name="beginning", first_bytes=100_000)
    hub.faults = ["break off"]
    assert fetch(beginning, tmp_path).read_bytes() == CONTENT[:100_000]
    assert hub.sent == 100_000
    hub.faults = ["ignore ranges"]
    (tmp_path / "beginning").unlink()
    assert fetch(beginning, tmp_path).read_bytes() == CONTENT[:100_000]


def test_the_beginning_has_to_be_of_the_pinned_file_and_stay_what_it_was(hub: LocalHub, remote: Remote, tmp_path: Path):
    beginning = dataclasses.replace(remote, name="beginning", first_bytes=1000)
    hub.announced[PATH] = "0" * 64
    with pytest.raises(DataError, match="Nothing was downloaded"):
        fetch(beginning, tmp_path)
    hub.announced.clear()
    fetch(beginning, tmp_path).unlink()
    hub.files[PATH] = bytes(len(CONTENT))
    hub.announced[PATH] = HASH
    with pytest.raises(DataError, match="recorded in"):
        fetch(beginning, tmp_path)
