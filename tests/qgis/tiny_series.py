"""A series of three tiny scenes whose classes are known by hand.

All bands of a pixel hold the same DN: DARK, MIDDLE or BRIGHT. With K = 3 and the start "minimum-maximum" the centres
are 10000, 14000 and 18000, so dark pixels are class 1, middle ones 2 and bright ones 3 in every scene. The new centres
are the three values themselves; the second iteration changes nothing and the run has converged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from iikmc.benchmarks.simulate import write_scene

DARK, MIDDLE, BRIGHT = 8000, 14000, 20000
SHAPE = (10, 12)
PIXELS = SHAPE[0] * SHAPE[1]
OLI = (2, 3, 4, 5, 6, 7)
TM = (1, 2, 3, 4, 5, 7)
OLI_CLEAR, TM_CLEAR = 21824, 5440
FILL_BIT, CIRRUS_BIT, CLOUD_BIT, SHADOW_BIT, SNOW_BIT = 1, 4, 8, 16, 32

# In the order of time; their file names sort the other way round.
OLDEST = "LT05_L2SP_193027_19950701_20200912_02_T2"
MIDST = "LE07_L2SP_190027_20100615_20200911_02_T1"
NEWEST = "LC08_L2SP_190027_20220511_20220527_02_T1"
IDS = (OLDEST, MIDST, NEWEST)
TITLES = ["1995-07-01 LT05 193027", "2010-06-15 LE07 190027", "2022-05-11 LC08 190027"]

_CLASSES = {DARK: 1, MIDDLE: 2, BRIGHT: 3}


@dataclass(frozen=True)
class TinyScene:
    """One of the scenes."""

    id: str
    dn: np.ndarray
    """(10, 12) the value of all its bands."""
    qa: np.ndarray
    radsat: np.ndarray | None = None

    @property
    def invalid(self) -> list[tuple[int, int]]:
        """The pixels that the default MASK, fill and saturation leave out, written down by hand."""
        return {NEWEST: [(0, 0), (0, 1), (0, 2)], MIDST: [(5, 5), (5, 6), (9, 9)], OLDEST: []}[self.id]

    @property
    def classes(self) -> np.ndarray:
        """The raster that K = 3 gives."""
        classes = np.vectorize(_CLASSES.get)(np.where(self.dn == 0, DARK, self.dn)).astype(np.uint8)
        for row, column in self.invalid:
            classes[row, column] = 0
        return classes


def _newest() -> TinyScene:
    dn = np.full(SHAPE, DARK, np.uint16)
    dn[:, 6:] = BRIGHT
    dn[0, 2] = 0  # fill by its value alone
    qa = np.full(SHAPE, OLI_CLEAR, np.uint16)
    qa[0, 0] |= CLOUD_BIT
    qa[0, 1] = FILL_BIT
    return TinyScene(NEWEST, dn, qa)


def _midst() -> TinyScene:
    dn = np.full(SHAPE, BRIGHT, np.uint16)
    dn[5:] = DARK
    qa = np.full(SHAPE, TM_CLEAR, np.uint16)
    qa[5, 5] |= SHADOW_BIT
    qa[5, 6] |= CIRRUS_BIT
    radsat = np.zeros(SHAPE, np.uint16)
    radsat[9, 9] = 1 << 3
    return TinyScene(MIDST, dn, qa, radsat)


def _oldest() -> TinyScene:
    dn = np.full(SHAPE, MIDDLE, np.uint16)
    dn[3:7, 4:8] = DARK
    qa = np.full(SHAPE, TM_CLEAR, np.uint16)
    qa[0, :3] |= SNOW_BIT  # not masked by default
    return TinyScene(OLDEST, dn, qa)


TINY = {scene.id: scene for scene in (_oldest(), _midst(), _newest())}
VALID = 3 * PIXELS - 6


def write_tiny(folder: Path, ids=IDS, qa=True) -> Path:
    """Write some of the scenes into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for scene_id in ids:
        scene = TINY[scene_id]
        numbers = OLI if scene_id.startswith("LC08") else TM
        write_scene(folder, scene_id, dict.fromkeys(numbers, scene.dn), scene.qa if qa else None, scene.radsat)
    return folder


def file_of(folder: Path, scene_id: str, name: str) -> Path:
    """Return the path of a scene's file, such as SR_B4."""
    return folder / scene_id / f"{scene_id}_{name}.TIF"


def write_cloudy(folder: Path, scene_id: str = "LC09_L2SP_190027_20220628_20220714_02_T1") -> Path:
    """Write a scene that lies under one cloud."""
    folder.mkdir(parents=True, exist_ok=True)
    dn = np.full(SHAPE, BRIGHT, np.uint16)
    qa = np.full(SHAPE, OLI_CLEAR | CLOUD_BIT, np.uint16)
    return write_scene(folder, scene_id, dict.fromkeys(OLI, dn), qa)


def read_classes(path: Path | str) -> np.ndarray:
    """Return a classified raster's pixels."""
    with rasterio.open(path) as raster:
        return raster.read(1)


def assert_classes_are_right(output: Path, ids=IDS) -> None:
    """Check the rasters of a run of these scenes with K = 3 and the other parameters at their defaults."""
    for scene_id in ids:
        np.testing.assert_array_equal(read_classes(output / f"{scene_id}_classes.tif"), TINY[scene_id].classes)
