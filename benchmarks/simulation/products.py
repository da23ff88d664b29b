"""Landsat products as they are simulated: sensors, bands, quality values, and what determines a scene.

The numbers come from USGS LSDS-1619 and LSDS-1618 and from real files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from rasterio.transform import Affine, from_origin

SCALE, OFFSET = 0.0000275, -0.2  # reflectance = DN * SCALE + OFFSET, all of Collection 2 Level-2
CELL = 30.0
STRIP_ROWS = 256  # one row of tiles

# Number of the SR_B<n> file of each column of SPECTRA; -1 = the sensor lacks it (TM and ETM+ have no coastal band).
OLI_BANDS = (1, 2, 3, 4, 5, 6, 7)
TM_BANDS = (-1, 1, 2, 3, 4, 5, 7)

# Spacecraft and sensor as the MTL names them, and the years in which the sensor made ordinary L2SP products.
SENSORS: dict[str, tuple[str, str, int, int]] = {
    "LT04": ("LANDSAT_4", "TM", 1982, 1993),
    "LT05": ("LANDSAT_5", "TM", 1984, 2011),
    "LE07": ("LANDSAT_7", "ETM", 1999, 2021),
    "LC08": ("LANDSAT_8", "OLI_TIRS", 2013, 2100),
    "LC09": ("LANDSAT_9", "OLI_TIRS", 2021, 2100),
}
SLC_FAILURE = date(2003, 5, 31)  # Landsat 7 has gaps since then

# Values of QA_PIXEL that real products hold, counted in OLI and in TM and ETM+ scenes; 13664 (snow on TM and ETM+)
# follows from the bits of LSDS-1618 table 5-4.
QA_FILL = 1
# fmt: off
QA_VALUES_OLI = frozenset((
    1, 21824, 22080, 21952, 22280, 23888, 24144, 23826, 24082, 21762, 22018, 21890, 22146, 30048, 30304, 29986, 30242,
    55052, 54596, 54852, 54724, 54534, 56598, 56660, 56854,
))
# fmt: on
QA_VALUES_TM = frozenset((1, 5440, 5504, 5896, 7440, 7696, 7442, 7698, 5442, 5698, 5506, 5696, 13664))
# QA_RADSAT values of bright targets seen in real products; 2048 = terrain occlusion, OLI only.
RADSAT_VALUES = {"LC": (2, 16, 24, 26, 30), "LE": (5, 7), "LT": (1, 1)}

# Middle of each UTM zone's landscape; a town on a river lies here. Distances from it stay exact in float32.
ANCHOR = (480000.0, 5250000.0)
_LATITUDE = 47.4  # of the anchor, for the sun's position


@dataclass(frozen=True)
class SceneSpec:
    """All that determines a simulated scene."""

    product_id: str
    """Such as LC08_L2SP_190027_20210514_20210524_02_T1; its sensor and date matter."""
    epsg: int
    """EPSG code of the grid, such as 32633."""
    origin: tuple[float, float]
    """Map coordinates of the outer corner of the upper left pixel, in metres; multiples of 15."""
    width: int
    """Samples of the grid."""
    height: int
    """Lines of the grid."""
    seed: int = 1
    """Seed of the landscape and, with the product id, of weather and noise."""
    footprint: float = 0.70
    """Share of the grid that the tilted footprint covers, 0.5..1; real mid-latitude scenes have 0.65..0.72."""
    cloud_cover: float = 0.06
    """Share of the footprint under cloud, 0..0.9."""
    cirrus_cover: float = 0.015
    """Share of the footprint under cirrus (OLI only), 0..0.9."""
    # Not in the text of a specification, by which a series written earlier is recognised.
    cell: float = field(default=CELL, repr=False)
    """Side of a pixel in metres; a scene that is written as Landsat's has 30."""

    @property
    def sensor(self) -> str:
        """Sensor and satellite, such as LC08."""
        return self.product_id[:4]

    @property
    def acquired(self) -> date:
        """Acquisition date."""
        digits = self.product_id.split("_")[3]
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))

    @property
    def is_oli(self) -> bool:
        """Whether the sensor is OLI, which has a coastal and a cirrus band."""
        return self.sensor in ("LC08", "LC09", "LO08", "LO09")

    @property
    def band_numbers(self) -> tuple[int, ...]:
        """Number of the SR_B file of each column of SPECTRA, -1 where the sensor lacks it."""
        return OLI_BANDS if self.is_oli else TM_BANDS

    @property
    def transform(self) -> Affine:
        """Affine transform of the grid."""
        return from_origin(self.origin[0], self.origin[1], self.cell, self.cell)

    def sun(self) -> tuple[float, float]:
        """Return the sun's azimuth and elevation in degrees at about 10:00 local solar time."""
        day = self.acquired.timetuple().tm_yday
        declination = math.radians(-23.44) * math.cos(2 * math.pi * (day + 10) / 365.25)
        hour, latitude = math.radians(-30.0), math.radians(_LATITUDE)
        sine = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(hour)
        elevation = math.asin(sine)
        cosine = (math.sin(declination) - math.sin(elevation) * math.sin(latitude)) / (
            math.cos(elevation) * math.cos(latitude)
        )
        return math.degrees(math.acos(max(-1.0, min(1.0, cosine)))), math.degrees(elevation)


@dataclass
class SimulatedScene:
    """A simulated scene in memory."""

    spec: SceneSpec
    """What it was made from."""
    bands: dict[int, np.ndarray] = field(default_factory=dict)
    """SR band number -> DN, (height, width) uint16, 0 = fill."""
    qa_pixel: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint16))
    """QA_PIXEL, (height, width) uint16, 1 = fill."""
    qa_radsat: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint16))
    """QA_RADSAT, (height, width) uint16."""
    cover: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    """The truth: index into COVERS of what is on the ground (also under clouds), (height, width) uint8, 255 = fill."""


def count_valid(qa_pixel: np.ndarray, bands: Mapping[int, np.ndarray]) -> int:
    """Return how many pixels are no fill, dilated cloud, cirrus, cloud or shadow, and 0 in none of the bands."""
    valid = (qa_pixel & 0b11111) == 0
    for array in bands.values():
        valid &= array != 0
    return int(np.count_nonzero(valid))
