"""What a sensor sees of a place, before it is written in the files of one product family or another.

Reflectance is held in whole ten-thousandths, the steps in which all families but Landsat store it. So the same view
written as two products means the same ground exactly, and Landsat's DN follow from it by a rule between whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from rasterio.transform import Affine, from_origin

from .products import CELL, OFFSET, QA_FILL, SCALE, SimulatedScene

STEP = 10_000
"""Steps of a reflectance of 1."""
ROLES = (
    "blue", "green", "red", "nir", "swir1", "swir2",
    "coastal", "yellow", "green1", "rededge1", "rededge2", "rededge3", "nir_broad",
)  # fmt: skip
"""Names of band roles."""
FLAGS = ("dilated cloud", "cirrus", "cloud", "cloud shadow", "snow or ice", "water")
"""Names of what quality layers tell."""

_SIMULATED = ("coastal", "blue", "green", "red", "nir", "swir1", "swir2")  # SR_B1 .. SR_B7 of OLI
# Bands that OLI lacks as a mixture of its neighbours in wavelength: meant to look right, as the spectra are.
_MIXED: dict[str, tuple[tuple[str, float], ...]] = {
    "green1": (("blue", 0.4), ("green", 0.6)),
    "yellow": (("green", 0.5), ("red", 0.5)),
    "rededge1": (("red", 0.7), ("nir", 0.3)),
    "rededge2": (("red", 0.2), ("nir", 0.8)),
    "rededge3": (("red", 0.07), ("nir", 0.93)),
    "nir_broad": (("red", 0.03), ("nir", 0.97)),
}
_QA_BITS = {"dilated cloud": 2, "cirrus": 4, "cloud": 8, "cloud shadow": 16, "snow or ice": 32, "water": 128}


@dataclass(frozen=True)
class Site:
    """Where a grid lies."""

    crs: str = "EPSG:32633"
    """Anything rasterio understands."""
    origin: tuple[float, float] = (465285.0, 5264715.0)
    """Map coordinates of the outer corner of the upper left pixel."""
    cell: float = CELL
    """Side of a pixel in map units."""

    @property
    def transform(self) -> Affine:
        """Affine transform of the grid."""
        return from_origin(self.origin[0], self.origin[1], self.cell, self.cell)

    def finer(self, factor: int) -> Site:
        """Return the same place with this many pixels to a side of each of its own."""
        return Site(self.crs, self.origin, self.cell / factor)


@dataclass(frozen=True)
class View:
    """What a sensor sees of a place; all arrays are (height, width)."""

    reflectance: Mapping[str, np.ndarray]
    """Band role -> reflectance in ten-thousandths, int32."""
    fill: np.ndarray
    """Where nothing was seen, bool."""
    flags: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Of `FLAGS`, those that there are -> where, bool."""
    saturated: np.ndarray | None = None
    """Where a detector was saturated, bool; None for nowhere."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.fill.shape
        return height, width

    def where(self, flag: str) -> np.ndarray:
        """Return where a flag of `FLAGS`, or "saturated", is set, bool."""
        found = self.saturated if flag == "saturated" else self.flags.get(flag)
        return np.zeros(self.fill.shape, bool) if found is None else found

    def finer(self, factor: int) -> View:
        """Return the view with each pixel divided into `factor` x `factor`."""

        def repeated(array: np.ndarray) -> np.ndarray:
            return array.repeat(factor, axis=0).repeat(factor, axis=1)

        return View(
            {role: repeated(array) for role, array in self.reflectance.items()},
            repeated(self.fill),
            {flag: repeated(array) for flag, array in self.flags.items()},
            None if self.saturated is None else repeated(self.saturated),
        )


def landsat_dn(reflectance: np.ndarray) -> np.ndarray:
    """Return Landsat's DN nearest to reflectance in ten-thousandths, halves upwards, cut to 1..65535, uint16.

    A DN is 0.275 of a ten-thousandth, counted from a reflectance of -0.2.
    """
    dn = (80 * (reflectance.astype(np.int64) + 2000) + 11) // 22
    return np.clip(dn, 1, 65535).astype(np.uint16)


def view_of(scene: SimulatedScene) -> View:
    """Return what a simulated scene of OLI shows, with the bands that OLI lacks mixed from others."""
    fill = scene.qa_pixel == QA_FILL
    seen = {
        role: np.rint((scene.bands[number] * SCALE + OFFSET) * STEP).astype(np.int32)
        for number, role in enumerate(_SIMULATED, start=1)
    }
    for role, parts in _MIXED.items():
        seen[role] = np.rint(sum(share * seen[part] for part, share in parts)).astype(np.int32)
    # A pixel whose correction failed in one band has none in any here.
    for number in scene.bands:
        fill = fill | (scene.bands[number] == 0)
    flags = {flag: ((scene.qa_pixel & bit) != 0) & ~fill for flag, bit in _QA_BITS.items()}
    return View(seen, fill, flags, ((scene.qa_radsat & 0x7F) != 0) & ~fill)
