"""STAC items of scenes, and a server on this machine that gives parts of files, and fails on demand."""

from __future__ import annotations

import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional, Union

SECRET = "sig=TOPSECRET"
"""Behind the question mark of addresses; it must never come out again."""
Fault = Optional[Union[int, str]]


class Server(http.server.ThreadingHTTPServer):
    """Files of a folder, by ranges."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.asked: list[tuple[str, str]] = []
        """Path and range of each request."""
        self.sent = 0
        """Bytes of all answers' bodies."""
        self.fault: Callable[[str, str], Fault] = lambda path, part: None
        """From path and range of a request to a status, "cut", "slow" or nothing that goes wrong."""

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Answer without the content."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer."""
        path, _, _ = self.path.partition("?")
        self.server.asked.append((self.path, self.headers.get("Range", "")))
        fault = self.server.fault(self.path, self.headers.get("Range", ""))
        file = self.server.root / path.lstrip("/")
        if isinstance(fault, int) or not file.is_file():
            self._answer(fault if isinstance(fault, int) else 404, b"")
            return
        data = file.read_bytes()
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._answer(200, data, fault)
            return
        start, end = int(asked[1]), min(int(asked[2] or len(data) - 1), len(data) - 1)
        self._answer(206 if start <= end else 416, data[start : end + 1], fault, f"bytes {start}-{end}/{len(data)}")

    def _answer(self, status: int, data: bytes, fault: Fault = None, part: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if part:
            self.send_header("Content-Range", part)
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if fault == "slow":
            time.sleep(4)
        if self.command == "HEAD":
            return
        self.server.sent += len(data)
        self.wfile.write(data[: len(data) // 2] if fault == "cut" else data)
        if fault == "cut":
            self.close_connection = True


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """Yield a server of a folder."""
    server = Server(root)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def item_of(folder: Path, base: str, query: str = "", **properties: Any) -> dict[str, Any]:
    """Return an item of a scene folder, as an API gives it, whose files lie at base/folder/file?query."""
    query = f"?{query}" if query else ""
    assets = {
        path.stem[len(folder.name) + 1 :].lower(): {"href": f"{base}/{folder.name}/{path.name}{query}"}
        for path in sorted(folder.iterdir())
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": folder.name,
        "properties": {"datetime": None, **properties},
        "geometry": None,
        "links": [],
        "assets": assets,
    }


def write(path: Path, document: Any) -> Path:
    """Write a JSON file."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def collection(*items: dict[str, Any]) -> dict[str, Any]:
    """Return an ItemCollection."""
    return {"type": "FeatureCollection", "features": list(items)}
