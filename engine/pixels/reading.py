"""Reading strips of a scene: decode, mask, audit and pack the valid pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SceneError
from ..scenes.area import outside
from ..scenes.files import Handles, file_name, raster_env
from ..scenes.scene import Scene, Strip
from ..scenes.selection import Selection
from ..sensors.flags import FLAGS, QA_FILL
from ..sensors.scale import FILL
from .gaps import gaps
from .masking import Audit
from .packing import PackedPixels, Packer
from .sampling import Draws, Sample, draw
from .scaling import look
from .sketch import SketchRows, look_at_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Packed:
    """The valid pixels of one strip."""

    strip: Strip
    """Where they lie."""
    pixels: PackedPixels
    """Their values, and why the others are invalid."""
    draws: dict[int, Sample] = field(default_factory=dict)
    """Sub-samples for the coarse-to-fine start: share -> drawn pixels."""
    sketch: SketchRows | None = None
    """What a sketch keeps of it, if that was asked for and is seen."""


@dataclass(frozen=True)
class Decoded:
    """The pixels of a strip as the files have them; they lie in the thread's buffers, for its next strip."""

    bands: NDArray[np.uint16]
    """(n_bands, height, width)."""
    qa: NDArray[np.uint16] | None
    """(height, width) QA_PIXEL; None where the scene lacks it."""
    radsat: NDArray[np.uint16] | None
    """(height, width) QA_RADSAT; None where the scene lacks it or it is not wanted."""
    blank: dict[str, int]
    """As in an audit."""


def read_strip(
    scene: Scene,
    selection: Selection,
    strip: Strip,
    handles: Handles,
    packer: Packer,
    draws: Draws | None = None,
    pictures: bool = False,
) -> Packed:
    """Decode a strip, find its valid pixels and pack them.

    Parameters
    ----------
    scene, selection, strip
        What to read.
    handles, packer
        Open files, and what masks and packs.
    draws
        Sub-samples to draw; none by default.
    pictures
        Whether to keep what a sketch needs.

    Returns
    -------
    Packed
        The valid pixels, in row-major order, with the counts of what was invalid.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    roles, rule = selection.roles, selection.mask
    out = outside(scene, strip)
    if out is not None and out.all():
        nothing = Sample(np.empty(0, np.uint64), np.empty((len(roles), 0), np.uint16))
        drawn = dict.fromkeys(draws.shares, nothing) if draws is not None else {}
        return Packed(strip, nothing_inside(scene, len(roles), out.size), drawn)
    decoded = decode_strip(scene, roles, strip, handles, rule.saturated, out)
    bands = decoded.bands
    packed = packer.pack(bands, decoded.qa, decoded.radsat, rule, scene.saturation_bits(roles))
    rows = look_at_bands(scene.checked_grid(), roles, strip, bands, packed.valid) if pictures else None
    tell_more(packed, decoded, out)
    drawn = {}
    if draws is not None and draws.shares:
        valid = np.unpackbits(packed.valid, count=bands[0].size).view(bool).reshape(bands[0].shape)
        drawn = {share: draw(share, draws.key, bands, valid, strip.row) for share in draws.shares}
    return Packed(strip, packed, drawn, rows)


def decode_strip(
    scene: Scene,
    roles: Sequence[str],
    strip: Strip,
    handles: Handles,
    saturation: bool,
    out: NDArray[np.bool_] | None = None,
) -> Decoded:
    """Read the rows of a strip from all files of a scene.

    Parameters
    ----------
    scene, roles, strip, handles
        What to read, and open files.
    saturation
        Whether to read QA_RADSAT.
    out
        What `area.outside` says: those pixels become fill; call `tell_more` on what is counted of them.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    width = scene.checked_grid().width
    shape = (strip.height, width)

    # What a file's nodata tag or mask says: fill, and of QA_RADSAT no more than that no saturation is known.
    def read(path: str, out: NDArray[np.uint16], marked: int) -> None:
        handles.read_rows(scene, path, strip, out, marked)

    with raster_env():
        buffers = handles.buffers(len(roles) + 2, shape)
        bands = buffers[: len(roles)]
        for role, band in zip(roles, bands):
            read(scene.bands[role].path, band, FILL)
        qa = radsat = None
        if scene.masks:
            qa = buffers[-2]
            read(scene.masks[0].path, qa, QA_FILL)
        if saturation and scene.saturation is not None:
            radsat = buffers[-1]
            read(scene.saturation.path, radsat, 0)
        blank = _blank(scene, [scene.bands[role].path for role in roles], strip, handles, bands, qa)
    if out is not None:
        bands[0][out] = FILL
    return Decoded(bands, qa, radsat, blank)


def _blank(
    scene: Scene,
    paths: list[str],
    strip: Strip,
    handles: Handles,
    bands: NDArray[np.uint16],
    qa: NDArray[np.uint16] | None,
) -> dict[str, int]:
    """Return the files with tiles without a value where the others have some: name -> pixels.

    Raises
    ------
    SceneError
        A file does not hold such a tile at all.
    """
    if qa is not None:
        paths = [*paths, scene.masks[0].path]
    found: dict[str, int] = {}
    for gap in gaps(bands, qa, [handles.tiles(path) for path in paths]):
        path, row = paths[gap.file], strip.row + gap.row
        name = file_name(path)
        if handles.lacks(scene, path, row, gap.column):
            raise SceneError(
                f"Scene {scene.id}: {name} does not hold the tile at row {row}, column {gap.column}, where the other "
                "files have values; the file is damaged or incomplete, download the scene again."
            )
        found[name] = found.get(name, 0) + gap.pixels
    return found


def tell_more(packed: PackedPixels, decoded: Decoded, out: NDArray[np.bool_] | None) -> None:
    """Complete the audit of a strip: pixels outside the area of interest are no longer fill, and what looks odd."""
    audit = packed.audit
    if out is not None:
        audit.outside = int(np.count_nonzero(out))
        audit.fill -= audit.outside
    audit.blank = decoded.blank
    audit.looks = look(packed.dn, audit.out_of_range)


def nothing_inside(scene: Scene, n_bands: int, n: int) -> PackedPixels:
    """Return what a strip gives that lies wholly outside the area of interest."""
    flags = dict.fromkeys(FLAGS, 0) if scene.masks else {}
    return PackedPixels(
        np.zeros(-(-n // 8), np.uint8),
        np.empty((n_bands, 0), np.uint16),
        Audit(pixels=n, outside=n, flags=flags),
        np.full(n_bands, 65535, np.uint16),
        np.zeros(n_bands, np.uint16),
    )
