"""A run of two scenes whose four classes are known by hand, and how tests name classes in its styles."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from iikmc.engine.choices import DEFAULT_K
from iikmc.engine.requests import Request
from iikmc.engine.results.result import Result
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.selection import MaskRule
from tiny import make_scene, product

FIRST, SECOND = product("LT05", "19980308"), product("LC08", "20220511")
DN = np.array([0, 8000, 12_000, 16_000, 20_000])
"""Of nodata and of the classes 1 to 4: K = 4 from 8000 to 20000 starts at 9500, 12500, 15500 and 18500."""
CLASSES = {
    FIRST: np.array([[1, 1, 2, 2, 0], [1, 3, 2, 4, 0], [1, 1, 2, 2, 4]], np.uint8),
    SECOND: np.array([[3, 3, 3, 0], [4, 1, 3, 0], [3, 3, 3, 2]], np.uint8),
}
assert DEFAULT_K != 4


def run_of_four(folder: Path, output: Path, **options: object) -> Result:
    """Cluster the two scenes, written into `folder`."""
    paths = [str(make_scene(folder, name, DN[classes])) for name, classes in CLASSES.items()]
    return cluster(Request(tuple(paths), output, MaskRule((), True), k=4, workers=1, **options))


def style_of(output: Path, scene: str) -> Path:
    """Return the style beside the raster of a scene."""
    return output / f"{scene}_classes.qml"


def rename(style: Path, later: float = 10.0, **names: str) -> None:
    """Rename classes in a style, given as c3="Forest", as QGIS would when it saves it some seconds later."""
    text = style.read_text(encoding="utf-8")
    for key, name in names.items():
        begin = text.index(f'value="{key[1:]}" label="')
        begin = text.index('label="', begin) + len('label="')
        text = text[:begin] + name + text[text.index('"', begin) :]
    style.write_text(text, encoding="utf-8")
    state = style.stat()
    os.utime(style, (state.st_atime + later, state.st_mtime + later))


def recolour(style: Path, number: int, colour: str, later: float = 10.0) -> None:
    """Give a class another colour in a style, likewise."""
    text = style.read_text(encoding="utf-8")
    begin = text.index('color="', text.index(f'value="{number}" label="')) + len('color="')
    style.write_text(text[:begin] + colour + text[begin + 7 :], encoding="utf-8")
    state = style.stat()
    os.utime(style, (state.st_atime + later, state.st_mtime + later))
