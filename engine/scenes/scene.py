"""A scene, its pixel grid, and the parts of it that are worked on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..sensors.products import Product
from ..sensors.readings import SATURATED, BandFile, MaskFile

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class PixelGrid:
    """The pixel grid of a scene."""

    width: int
    """Columns."""
    height: int
    """Rows."""
    transform: tuple[float, float, float, float, float, float]
    """Affine coefficients a, b, c, d, e, f as rasterio orders them."""
    crs: Any
    """The file's, as a rasterio CRS object that is handed on unchanged to what is written; None if there is none."""
    block_height: int
    """Rows of one block (tile or strip) of the band files."""

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def hectares_per_pixel(self) -> float | None:
        """Area of a pixel in hectares; None where the map units are no lengths; without a CRS they are metres."""
        metres = 1.0
        if self.crs is not None:
            if not self.crs.is_projected:
                return None
            metres = float(self.crs.linear_units_factor[1])
        a, b, _, d, e, _ = self.transform
        return abs(a * e - b * d) * metres**2 / 10_000.0


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels; empty where an end is not above its beginning."""

    top: int
    """First row."""
    bottom: int
    """Row behind the last."""
    left: int
    """First column."""
    right: int
    """Column behind the last."""

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return max(self.bottom - self.top, 0) * max(self.right - self.left, 0)

    def meets(self, row: int, height: int) -> bool:
        """Tell whether it has pixels in these rows."""
        return self.pixels > 0 and self.top < row + height and row < self.bottom


@dataclass(frozen=True)
class Polygon:
    """A polygon of the area of interest, placed on a scene."""

    shape: dict[str, Any]
    """GeoJSON-like polygon of two coordinates, in the scene's CRS."""
    window: Window
    """The part of the grid outside of which it holds no centre of a pixel."""


@dataclass(frozen=True)
class OtherGrid:
    """What a product has on another grid than that of its usual bands."""

    name: str
    """Such as "10 m"."""
    bands: Mapping[str, BandFile]
    """As those of a scene."""
    masks: tuple[MaskFile, ...]
    """Likewise."""
    saturation: MaskFile | None
    """Likewise."""


@dataclass(frozen=True)
class Scene:
    """One product, found on disk."""

    product: Product
    """The product identifier, taken apart."""
    place: str
    """The folder or bundle it lies in, for messages."""
    bands: Mapping[str, BandFile]
    """Band role -> where its values lie, for the roles whose file exists."""
    masks: tuple[MaskFile, ...] = ()
    """Where flags and fill lie, and of some products saturation, such as QA_PIXEL; without any, flags are unknown."""
    saturation: MaskFile | None = None
    """Where saturation lies band by band, as in QA_RADSAT; the names of its `bits` are roles."""
    sun_elevation: float | None = None
    """Degrees, from the metadata."""
    sun_azimuth: float | None = None
    """Degrees, from the metadata."""
    grid: PixelGrid | None = None
    """Filled in by `check_series`."""
    aoi: tuple[Polygon, ...] | None = None
    """Polygons outside of which pixels are invalid; None = no such limit."""
    sidecars: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Path of a raster -> paths of the files beside it that GDAL reads with it, where there are any."""
    openings: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Path of a raster on a server -> what rasterio opens, where that has a secret in it; nobody else may see it."""
    stamps: Mapping[str, tuple[int, int] | None] = field(default_factory=dict, compare=False, repr=False)
    """Path -> size and date of each of its files, before the headers were read; filled in by `check_series`."""
    affix: str = ""
    """What the names of its band files have in common beside the product; see `FileName.affix`."""
    listed: bool = False
    """Whether an item of STAC lists its files, so that there are no others."""
    others: tuple[OtherGrid, ...] = ()
    """What it has on other grids, of which `check_series` takes the one with all bands that are asked for."""
    metadata: tuple[str, ...] = ()
    """Paths of its metadata files."""
    spares: tuple[Scene, ...] = ()
    """Other products and copies of its acquisition, the best first, should it lack a file; none in a checked scene."""

    @property
    def id(self) -> str:
        """The product identifier."""
        return self.product.text

    @property
    def acquired(self) -> date:
        """Acquisition date (UTC)."""
        return self.product.acquired

    @property
    def title(self) -> str:
        """Date, sensor and place, such as "2015-07-10 LC08 005009"."""
        return self.product.title

    @property
    def sensor_name(self) -> str:
        """Such as "Landsat 8 OLI"."""
        return self.product.sensor_name

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of all rasters that may be read, each once."""
        paths = [*(band.path for band in self.bands.values()), *(mask.path for mask in self.masks)]
        return tuple(dict.fromkeys([*paths, *([self.saturation.path] if self.saturation else [])]))

    @property
    def told(self) -> frozenset[str]:
        """Which flags, `readings.FILLED` and `readings.SATURATED` its files tell; without a mask file, none."""
        names = {name for mask in self.masks for what in (mask.bits, mask.classes) for name, say in what.items() if say}
        return frozenset(names | ({SATURATED} if self.saturation is not None else set()))

    @property
    def files_on_disk(self) -> tuple[str, ...]:
        """Those of `files` that lie on disk and not in a bundle or on a server."""
        return tuple(path for path in self.files if not path.startswith("/vsi"))

    def saturation_bits(self, roles: Iterable[str]) -> int:
        """Return the bits of the file `saturation` that tell of any of the bands with these roles; 0 without one."""
        told = self.saturation.bits if self.saturation is not None else {}
        bits = 0
        for role in roles:
            bits |= told.get(role, 0)
        return bits

    def checked_grid(self) -> PixelGrid:
        """Return the pixel grid of a scene that went through `check_series`."""
        if self.grid is None:
            raise RuntimeError(f"scene {self.id} was not checked before use")
        return self.grid


@dataclass(frozen=True)
class Strip:
    """A full-width run of rows of one scene, the unit of reading and writing."""

    scene: int
    """Index of the scene in the series."""
    row: int
    """First row."""
    height: int
    """Number of rows."""
