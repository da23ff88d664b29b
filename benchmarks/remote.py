"""Reading full scenes from a server on this machine against reading them from disk.

/usr/bin/python3 -m benchmarks.remote            # three minutes on 2 cores; --quick tries it out
"""

from __future__ import annotations

import argparse
import http.server
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import ROOT, series, settings
from .processes import call, environment

_PIECE = 1 << 20
_RUNS = 5


class _Handler(http.server.BaseHTTPRequestHandler):
    """Gives files of the current folder by ranges, piece by piece."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Tell the size."""
        self._give(False)

    def do_GET(self) -> None:
        """Give a file or a part of it."""
        self._give(True)

    def _give(self, content: bool) -> None:
        path = Path(self.path.partition("?")[0].lstrip("/"))
        if not path.is_file():
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = path.stat().st_size
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, end = (int(asked[1]), min(int(asked[2] or size - 1), size - 1)) if asked else (0, size - 1)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start + 1))
        self.end_headers()
        if not content:
            return
        with open(path, "rb") as file:
            self.wfile.flush()
            self.connection.sendfile(file, start, end - start + 1)


def serve() -> None:
    """Serve the current folder until the process is killed; tells its port first."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def items(folder: Path, address: str) -> dict[str, Any]:
    """Return the scenes of a folder as an ItemCollection whose files lie at an address."""
    features = []
    for scene in sorted(path for path in folder.iterdir() if path.is_dir()):
        assets = {path.name: {"href": f"{address}/{scene.name}/{path.name}"} for path in sorted(scene.iterdir())}
        features.append(
            {"type": "Feature", "stac_version": "1.0.0", "id": scene.name, "properties": {}, "assets": assets}
        )
    return {"type": "FeatureCollection", "features": features}


def read(scenes: str, output: str, threads: int) -> dict[str, Any]:
    """Audit scenes, which decodes and masks all of their pixels and no more."""
    from iikmc.engine.requests import AuditRequest
    from iikmc.engine.runs.audit import audit_scenes

    began = time.perf_counter()
    result = audit_scenes(AuditRequest((scenes,), Path(output), workers=threads))
    return {"seconds": time.perf_counter() - began, "pixels": result.pixels}


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small scenes: shows that all runs, not how fast")
    wanted = settings.quick() if parser.parse_args().quick else settings.full()
    folder, threads = series.scenes(wanted, series.REAL).resolve(), wanted.threads[-1]
    code = "from benchmarks.remote import serve; serve()"
    env = {**environment(), "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as name:
        server = subprocess.Popen([sys.executable, "-c", code], cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
        try:
            address = f"http://127.0.0.1:{server.stdout.readline().strip()}" if server.stdout else ""
            there = Path(name, "items.json")
            there.write_text(json.dumps(items(folder, address)), encoding="utf-8")
            runs: dict[str, list[float]] = {"disk": [], "server": []}
            for _ in range(_RUNS):
                for where, scenes in (("disk", folder), ("server", there)):
                    found = call("remote", "read", {"scenes": str(scenes), "output": f"{name}/out", "threads": threads})
                    runs[where].append(found["seconds"])
        finally:
            server.kill()
            server.wait()
    best = {where: min(seconds) for where, seconds in runs.items()}
    told = "; ".join(f"{where} {', '.join(f'{s:.2f}' for s in seconds)} s" for where, seconds in runs.items())
    sys.stdout.write(f"{threads} threads; {told}; the best {best['server'] / best['disk']:.2f} times that from disk\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
