"""Downloads that resume where they broke off, and are accepted only if their hash is right.

A file arrives as NAME.part and gets its name when it is complete and verified. Beside it, NAME.sha256 keeps the hash
in the format of `sha256sum`: a file must stay what it was at its first download.
"""

import contextlib
import fcntl
import hashlib
import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from source import DataError

TIMEOUT_S = 30.0  # Without receiving anything.
FAILURES = 6  # Failures in a row, without a byte in between, before giving up.
WAIT_S = 1.0  # Wait after the first failure; doubled after each further one.
LONGEST_WAIT_S = 120.0  # Longest wait, whatever a server asks for.
CHUNK_BYTES = 2**20
SHOW_EVERY_S = 1.0
TRY_LATER = {408, 425, 429, 500, 502, 503, 504}
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Remote:
    """A file to fetch."""

    url: str
    name: str  # Name in the downloads folder.
    sha256: str | None = None  # Hash of the whole file, if known.
    first_bytes: int | None = None  # Only this many bytes from its beginning; None for all.


class _Again(Exception):
    """This request failed; a retry may succeed. `wait_s`: seconds that the server asked to wait."""

    def __init__(self, reason: str, wait_s: float | None = None):
        super().__init__(reason)
        self.wait_s = wait_s


def known_hash(remote: Remote, folder: Path) -> str | None:
    """The hash that the downloaded file must have, if known: pinned, or recorded earlier."""
    if remote.first_bytes is None and remote.sha256:
        return remote.sha256
    record = folder / f"{remote.name}.sha256"
    found = HASH.match(record.read_text(encoding="utf-8")) if record.is_file() else None
    return found[0] if found else None


def fetch(remote: Remote, folder: Path) -> Path:
    """The file, downloaded if it is missing, and verified. Raises DataError. Processes wait for each other."""
    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / remote.name, folder / f"{remote.name}.part"
    with _alone(folder / f"{remote.name}.lock"):
        expected = known_hash(remote, folder)
        if target.is_file():
            if expected == hash_of_file(target):
                return target
            print(f"  {target} is not what it was: thrown away", flush=True)
            target.unlink()
        announced = _receive(remote, part, expected)
        found = hash_of_file(part)
        part.with_suffix(".etag").unlink(missing_ok=True)
        if found != (expected or announced or found):
            part.unlink()
            raise _mismatch(remote, folder, expected or announced, found, "It was thrown away.")
        (folder / f"{remote.name}.sha256").write_text(f"{found}  {remote.name}\n", encoding="utf-8")
        part.rename(target)
    return target


def hash_of_file(path: Path) -> str:
    """SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mismatch(remote: Remote, folder: Path, expected: str, found: str, done: str) -> DataError:
    if remote.sha256 == expected:
        where, advice = "pinned in trainer/corpus/hub.py", "report it"
    elif known_hash(remote, folder) == expected:
        record = folder / f"{remote.name}.sha256"
        where, advice = f"recorded in {record}", "if the change is to be trusted, delete that record and repeat"
    else:
        where, advice = "announced by the server", "report it there"
    return DataError(
        f"expected {remote.url} to have the SHA-256 {expected} ({where}), found {found}. {done} "
        f"Repeat; if it happens again, the file or the connection has been changed: {advice}."
    )


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"  waiting for another process that downloads {path.stem}", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _receive(remote: Remote, part: Path, expected: str | None) -> str | None:
    """Requests until the part is complete. Returns the hash that the server announced for the whole file."""
    failures = 0
    while True:
        before = _size(part)
        request = _Request(remote, part, remote.sha256 or (expected if remote.first_bytes is None else None))
        try:
            request.run()
            return request.announced if remote.first_bytes is None else None
        except _Again as again:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= FAILURES:
                raise DataError(
                    f"gave up {remote.url} after {FAILURES} failures in a row, the last one: {again}. "
                    "What has arrived is kept; run the same command again to go on from there."
                ) from None
            wait_s = min(WAIT_S * 2 ** (failures - 1) if again.wait_s is None else again.wait_s, LONGEST_WAIT_S)
            print(f"  {remote.name}: {again}; next try in {wait_s:g} s", flush=True)
            time.sleep(wait_s)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class _Request(urllib.request.HTTPRedirectHandler):
    """One request for what is still missing."""

    def __init__(self, remote: Remote, part: Path, whole: str | None):
        self.remote, self.part, self.etag_file = remote, part, part.with_suffix(".etag")
        self.whole = whole  # Hash that the whole file must have, if known.
        self.announced: str | None = None  # Hash that the server announces.

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        """Follows a redirect. The Hub announces the hash in the redirect, not with the bytes."""
        self._listen(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def _listen(self, headers) -> None:
        found = HASH.fullmatch((headers.get("X-Linked-Etag") or "").strip('"'))
        self.announced = found[0] if found else self.announced
        if self.announced and self.whole and self.announced != self.whole:
            raise _mismatch(self.remote, self.part.parent, self.whole, self.announced, "Nothing was downloaded.")

    def run(self) -> None:
        """Appends to the part until it is complete. Raises _Again or DataError."""
        have = _size(self.part)
        etag = self.etag_file.read_text(encoding="utf-8") if self.etag_file.exists() else ""
        if have and not etag:  # There is no way to tell whether the rest would belong to the same file.
            self.part.unlink()
            have = 0
        if have == self.remote.first_bytes:
            return
        response = self._open(have, etag)
        if response is None:
            return
        with response:
            self._listen(response.headers)
            start, total = self._range(response, have)
            tag = response.headers.get("ETag") or ""
            self.etag_file.write_text("" if tag.startswith("W/") else tag, encoding="utf-8")
            end = min(total, self.remote.first_bytes or total) if total is not None else self.remote.first_bytes
            self._append(response, start, end)

    def _open(self, have: int, etag: str) -> http.client.HTTPResponse | None:
        """The answer, or None if nothing is missing any more."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "autoresearch-trainer"}
        last = "" if self.remote.first_bytes is None else self.remote.first_bytes - 1
        if have:
            headers |= {"Range": f"bytes={have}-{last}", "If-Range": etag}
        elif last:
            headers["Range"] = f"bytes=0-{last}"
        request = urllib.request.Request(self.remote.url, headers=headers)
        try:
            return urllib.request.build_opener(self).open(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416 and error.headers.get("Content-Range") == f"bytes */{have}":
                    return None
                raise self._refused(error) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Again(f"no answer ({error})") from None

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        if error.code == 416:  # The part is longer than the file, so it must be something else.
            self.part.unlink(missing_ok=True)
            return _Again("the server has no bytes behind those that have arrived; starting again")
        if error.code not in TRY_LATER:
            return DataError(
                f"expected {self.remote.url} to be there, found {error.code} {error.reason}; "
                "check the network, or choose another source of text in trainer/pyproject.toml (docs/data.md)"
            )
        after = error.headers.get("Retry-After") or ""
        return _Again(f"the server answered {error.code} {error.reason}", float(after) if after.isdigit() else None)

    def _range(self, response, have: int) -> tuple[int, int | None]:
        """(first byte in the answer, bytes of the whole file if known)."""
        if response.status == 206:
            found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range") or "")
            if not found or int(found[1]) != have:
                self.part.unlink(missing_ok=True)
                raise _Again("the server sent another range than the one asked for; starting again")
            return have, None if found[2] == "*" else int(found[2])
        length = response.headers.get("Content-Length")
        return 0, int(length) if length else None

    def _append(self, response, start: int, end: int | None) -> None:
        shown = began = time.monotonic()
        with self.part.open("r+b" if start else "wb") as file:
            at = file.seek(start)
            while end is None or at < end:
                try:
                    chunk = response.read(CHUNK_BYTES if end is None else min(CHUNK_BYTES, end - at))
                except (OSError, http.client.HTTPException) as error:
                    raise _Again(f"broke off at {at} bytes ({error})") from None
                if not chunk:
                    break
                at += file.write(chunk)
                now = time.monotonic()
                if now - shown >= SHOW_EVERY_S:
                    shown = now
                    of = "" if end is None else f" of {end / 1e6:.1f}"
                    speed = (at - start) / 1e6 / (now - began)
                    print(f"  {self.remote.name}: {at / 1e6:.1f}{of} MB, {speed:.1f} MB/s", flush=True)
        if end is not None and at < end:
            raise _Again(f"broke off at {at} of {end} bytes")
