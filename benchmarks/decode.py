"""The floor: the bare decode of the files that a run reads, with nothing done to the values.

Each thread has its own handles and reads whole rows of tiles, so that every tile is decoded once.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import Any

import numpy as np

from . import figures, series, settings
from .processes import call


def bare(folder: str, threads: int) -> dict[str, Any]:
    """Decode everything once; the seconds are those of the decoding alone, without start and imports."""
    import rasterio
    from rasterio.windows import Window

    files = series.band_files(folder)
    work: queue.SimpleQueue[tuple[str, int, int, int]] = queue.SimpleQueue()
    samples = 0
    for path in files:
        with rasterio.open(path) as dataset:
            height, width, rows = dataset.height, dataset.width, dataset.block_shapes[0][0]
        samples += width * height
        rows = max(rows, 256 // rows * rows)
        for row in range(0, height, rows):
            work.put((path, row, min(rows, height - row), width))
    errors: list[BaseException] = []

    def decode() -> None:
        handles: dict[str, Any] = {}
        buffer = np.empty(0, np.uint16)
        try:
            with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
                while True:
                    try:
                        path, row, rows, width = work.get_nowait()
                    except queue.Empty:
                        break
                    if path not in handles:
                        handles[path] = rasterio.open(path, sharing=False)
                    if buffer.size < rows * width:
                        buffer = np.empty(rows * width, np.uint16)
                    out = buffer[: rows * width].reshape(rows, width)
                    handles[path].read(1, window=Window(0, row, width, rows), out=out)
                for dataset in handles.values():
                    dataset.close()
        except BaseException as error:  # noqa: BLE001 - raised by the caller
            errors.append(error)

    began = time.perf_counter()
    with rasterio.Env(GDAL_CACHEMAX=64 << 20):
        workers = [threading.Thread(target=decode) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    seconds = time.perf_counter() - began
    if errors:
        raise errors[0]
    return {"seconds": seconds, "samples": samples, "files": len(files), "bytes": sum(map(os.path.getsize, files))}


def measure(wanted: settings.Settings) -> None:
    """Measure the part and keep its figures."""
    load = figures.load_average()
    rows, scenes = [], {}
    for name in series.available():
        folder = str(series.scenes(wanted, name))
        # Once untimed, so that all runs find the files in the system's cache.
        call("decode", "bare", {"folder": folder, "threads": wanted.threads[-1]})
        rows += [{**_row(wanted, folder, threads, name), "series": name} for threads in wanted.threads]
        scenes[name] = call("decode", "sizes", {"folder": folder})["scenes"]
    figures.save(wanted, "decode", {"rows": rows, "scenes": scenes, "left_out": series.left_out()}, load)


def _row(wanted: settings.Settings, folder: str, threads: int, name: str) -> dict[str, Any]:
    runs = [call("decode", "bare", {"folder": folder, "threads": threads}) for _ in range(wanted.repeats)]
    row = {
        "threads": threads,
        "seconds": [run["seconds"] for run in runs],
        "samples": runs[0]["samples"],
        "files": runs[0]["files"],
        "bytes": runs[0]["bytes"],
        "peak_mb": max(run["process"]["peak_mb"] for run in runs),
    }
    figures.say(f"bare decode, {name} series, {threads} thread(s): {figures.spread(row['seconds'])}")
    return row


def sizes(folder: str) -> dict[str, Any]:
    """Return the scenes' names and sizes, and how their files are laid out."""
    from pathlib import Path

    import rasterio
    from iikmc.engine.requests import Request
    from iikmc.engine.scenes.check import check_series
    from iikmc.engine.scenes.search import find_scenes
    from iikmc.engine.scenes.selection import Selection
    from iikmc.engine.sensors.roles import USUAL

    found = []
    for scene in check_series(find_scenes((folder,)).scenes, Selection(USUAL, Request((folder,), Path(folder)).mask)):
        with rasterio.open(scene.bands[USUAL[0]].path) as dataset:
            tags, (rows, columns) = dataset.tags(ns="IMAGE_STRUCTURE"), dataset.block_shapes[0]
            layout = f"blocks of {columns} x {rows}, {tags.get('COMPRESSION', 'not compressed')}"
            if "PREDICTOR" in tags:  # only newer GDALs tell it
                layout += f", predictor {tags['PREDICTOR']}"
            found.append({"id": scene.id, "width": dataset.width, "height": dataset.height, "layout": layout})
    return {"scenes": found}


if __name__ == "__main__":
    measure(settings.from_arguments(__doc__))
