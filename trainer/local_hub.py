"""A small Hugging Face on this machine, for tests: announces hashes, redirects, serves ranges, fails on demand."""

import contextlib
import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LocalHub:
    """Serves `files` (path -> bytes). The next answers behave as `faults` says, in order.

    A fault is a status, or (status, Retry-After), or one of: "break off", "ignore ranges", "slow start" (breaks off
    before the first byte), "wrong range".
    """

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.announced: dict[str, str] = {}  # Path -> hash, if it differs from the content's.
        self.faults: list = []
        self.asked: list[tuple[str, str | None]] = []  # (path, Range) of every request for bytes.
        self.sent = 0  # Bytes of content.
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                hub.answer(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """`/datasets/...` redirects to `/bytes/datasets/...`, as the real one redirects to its file storage."""
        if not request.path.startswith("/bytes"):
            content = self.files.get(request.path)
            if content is None:
                return self._finish(request, 404)
            linked = self.announced.get(request.path, hashlib.sha256(content).hexdigest())
            headers = {"Location": f"{self.url}/bytes{request.path}", "X-Linked-Etag": f'"{linked}"'}
            return self._finish(request, 302, headers)
        self.asked.append((request.path.removeprefix("/bytes"), request.headers.get("Range")))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            return self._finish(request, fault)
        if isinstance(fault, tuple):
            return self._finish(request, fault[0], {"Retry-After": fault[1]})
        return self._serve(request, self.files[request.path.removeprefix("/bytes")], fault)

    def _serve(self, request: BaseHTTPRequestHandler, content: bytes, fault: str | None) -> None:
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range") or "")
        unchanged = request.headers.get("If-Range", etag) == etag
        first, last, status, headers = 0, len(content) - 1, 200, {"ETag": etag}
        if wanted and unchanged and fault != "ignore ranges":
            first, last, status = int(wanted[1]), min(last, int(wanted[2] or last)), 206
            if first >= len(content):
                return self._finish(request, 416, {"Content-Range": f"bytes */{len(content)}"})
            shown = first + 1 if fault == "wrong range" else first
            headers["Content-Range"] = f"bytes {shown}-{last}/{len(content)}"
        body = content[first : last + 1]
        kept = {"break off": len(body) // 2, "slow start": 0}.get(fault, len(body))
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        self.sent += kept
        with contextlib.suppress(ConnectionError):  # A client that wants only the beginning hangs up.
            request.wfile.write(body[:kept])

    def _finish(self, request: BaseHTTPRequestHandler, status: int, headers: dict[str, str] | None = None) -> None:
        request.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": "0"}.items():
            request.send_header(name, value)
        request.end_headers()
