"""Reading strips of a scene: decode, mask, audit and pack the valid pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .landsat.bands import BAND_NUMBERS, FILL, VALID_DN
from .landsat.qa import FLAGS, QA_FILL, flag_bits, saturation_bits
from .raster_access import Handles, raster_env
from .records import Audit, MaskRule, PixelGrid, Scene, Strip
from .sampling import Sample, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .records import DN

# About 2 million pixels a strip: per band 4 MB in flight, well above the point where per-strip overhead shows
# (256 Ki pixels, performance notes), and a kernel answers a cancel within a fraction of a second.
STRIP_PIXELS = 2_000_000
# The rasters written are tiled 256 x 256; strips of whole tile rows are compressed once.
ROW_MULTIPLE = 256


@dataclass(frozen=True)
class Packed:
    """The valid pixels of one strip."""

    strip: Strip
    """Where they lie."""
    valid: NDArray[np.uint8]
    """Valid mask of the strip, row by row, eight pixels a byte."""
    dn: DN
    """(n_bands, n_valid) their values."""
    audit: Audit
    """Why the others are invalid."""
    draws: dict[int, Sample] = field(default_factory=dict)
    """Sub-samples for the coarse-to-fine start: share -> drawn pixels."""


def plan_strips(grid: PixelGrid, scene: int, pixels: int = STRIP_PIXELS) -> list[Strip]:
    """Cut a scene into full-width strips of whole file blocks, so that each block is decoded once.

    Parameters
    ----------
    grid
        The scene's pixel grid.
    scene
        Index of the scene in the series.
    pixels
        Wanted pixels a strip; a strip is at least one row of blocks.
    """
    unit = grid.block_height
    wanted = max(1, pixels // grid.width)
    if wanted >= ROW_MULTIPLE and ROW_MULTIPLE % unit == 0:
        unit = ROW_MULTIPLE
    height = min(grid.height, max(1, wanted // unit) * unit)
    return [Strip(scene, row, min(height, grid.height - row)) for row in range(0, grid.height, height)]


def read_strip(
    scene: Scene,
    roles: Sequence[str],
    rule: MaskRule,
    strip: Strip,
    handles: Handles,
    shares: Sequence[int] = (),
    key: int = 0,
) -> Packed:
    """Decode a strip, find its valid pixels and pack them.

    Parameters
    ----------
    scene, roles, rule, strip
        What to read.
    handles
        Open files.
    shares, key
        Sub-samples to draw, and the scene's `sampling.scene_key`.

    Returns
    -------
    Packed
        The valid pixels, in row-major order, with the counts of what was invalid.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    width = scene.checked_grid().width
    shape = (strip.height, width)

    def read(path: str, out: NDArray[np.uint16]) -> None:
        handles.read_rows(scene.id, path, strip.row, strip.height, width, out)

    with raster_env():
        bands = np.empty((len(roles), *shape), np.uint16)
        for role, out in zip(roles, bands):
            read(scene.bands[role], out)
        qa = radsat = None
        if scene.qa_pixel is not None:
            qa = np.empty(shape, np.uint16)
            read(scene.qa_pixel, qa)
        if rule.saturated and scene.qa_radsat is not None:
            radsat = np.empty(shape, np.uint16)
            read(scene.qa_radsat, radsat)

    valid, audit = mask(bands, qa, radsat, rule, saturation_bits(_numbers(scene, roles)))
    dn = pack(bands, valid)
    audit.out_of_range = count_out_of_range(dn)
    draws = {share: draw(share, key, bands, valid, strip.row) for share in shares}
    return Packed(strip, np.packbits(valid), dn, audit, draws)


def _numbers(scene: Scene, roles: Sequence[str]) -> list[int]:
    numbers = BAND_NUMBERS[scene.product.sensor]
    return [numbers[role] for role in roles]


def mask(
    bands: NDArray[np.uint16],
    qa: NDArray[np.uint16] | None,
    radsat: NDArray[np.uint16] | None,
    rule: MaskRule,
    saturated_bits: int,
) -> tuple[NDArray[np.bool_], Audit]:
    """Find the valid pixels (design 1.2) and count why the others are not.

    Parameters
    ----------
    bands
        (n_bands, height, width) DN.
    qa, radsat
        (height, width) QA_PIXEL and QA_RADSAT, or None where there is none.
    rule
        What makes a pixel invalid besides fill.
    saturated_bits
        QA_RADSAT bits of the chosen bands.

    Returns
    -------
    valid : (height, width) bool
    audit : Audit
        Without `out_of_range`.
    """
    filled = bands[0] != FILL
    for band in bands[1:]:
        np.logical_and(filled, band != FILL, out=filled)
    if qa is not None:
        np.logical_and(filled, (qa & np.uint16(QA_FILL)) == 0, out=filled)
    audit = Audit(pixels=filled.size, fill=filled.size - int(np.count_nonzero(filled)))
    valid = filled
    if qa is not None:
        # Fill pixels are blanked once, so that no flag is counted on them.
        seen = np.where(filled, qa, np.uint16(0))
        audit.flags = {name: int(np.count_nonzero(seen & np.uint16(bit))) for name, bit in FLAGS.items()}
        bits = flag_bits(rule.flags)
        if bits:
            valid = valid & ((qa & np.uint16(bits)) == 0)
    if radsat is not None:
        saturated = (radsat & np.uint16(saturated_bits)) != 0
        np.logical_and(saturated, filled, out=saturated)
        audit.saturated = int(np.count_nonzero(saturated))
        if audit.saturated:
            valid = valid & ~saturated
    audit.valid = int(np.count_nonzero(valid))
    return valid, audit


def pack(bands: NDArray[np.uint16], valid: NDArray[np.bool_]) -> DN:
    """Return the values of the valid pixels, (n_bands, n_valid), in row-major order."""
    n_bands = bands.shape[0]
    index = np.flatnonzero(valid)
    if index.size == valid.size:
        return bands.reshape(n_bands, -1)
    dn = np.empty((n_bands, index.size), np.uint16)
    for band, out in zip(bands, dn):
        # mode="clip" spares the bounds buffer; the index is in range by construction.
        np.take(band.reshape(-1), index, out=out, mode="clip")
    return dn


def count_out_of_range(dn: DN) -> int:
    """Return how many pixels have a band outside the range that USGS calls valid (they stay valid here)."""
    low, high = VALID_DN
    outside = np.zeros(dn.shape[1], bool)
    for band in dn:
        # One comparison for both ends: below `low` the unsigned difference wraps to a large number.
        np.logical_or(outside, (band - np.uint16(low)) > np.uint16(high - low), out=outside)
    return int(np.count_nonzero(outside))


def unmask(valid: NDArray[np.uint8], labels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Put labels back on the grid.

    Parameters
    ----------
    valid
        Valid mask as `Packed.valid`.
    labels
        (n_valid,) classes.

    Returns
    -------
    (height, width) uint8
        Classes 1..k; 0 where the pixel is not valid.
    """
    where = np.unpackbits(valid, count=height * width).view(bool)
    out = np.zeros(height * width, np.uint8)
    out[where] = labels
    return out.reshape(height, width)
