"""Reading strips of a scene: decode, mask, audit and pack the valid pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import SceneError
from ..scenes.area import outside
from ..scenes.files import file_name, raster_env, unreadable
from ..scenes.handles import Handles
from ..scenes.remote import is_remote
from ..scenes.scene import Scene, Strip, Window
from ..scenes.selection import Selection
from ..sensors.flags import FLAGS, SATURATION
from ..sensors.readings import SATURATED, BandFile, MaskFile
from ..sensors.scale import FILL
from .gaps import gaps
from .masking import Audit
from .packing import PackedPixels, Packer
from .planes import by_path, read_bands, read_masks, read_words
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


class Masks(NamedTuple):
    """What the masks of a strip say."""

    qa: NDArray[np.uint16] | None
    """(height, width) words of flags, as `flags.FLAGS`; None where the scene has no mask."""
    radsat: NDArray[np.uint16] | None
    """(height, width) words of saturation; None where the scene does not tell of it, or it is not wanted."""
    saturated_bits: int
    """Bits of `radsat` that mean one of the bands."""
    as_stored: MaskFile | None
    """The file that `qa` has the words of, as they are; None where they were made."""


@dataclass(frozen=True)
class Decoded:
    """The pixels of a strip on the one scale; they lie in the thread's buffers, for its next strip."""

    bands: NDArray[np.uint16]
    """(n_bands, height, width) DN."""
    masks: Masks
    """Flags and saturation."""
    cut: NDArray[np.bool_] | None
    """(height, width) where a value was cut to the ends of the scale; None = nowhere."""
    converted: bool
    """Whether the files store a band on another scale."""
    blank: dict[str, int]
    """As in an audit."""


def read_strip(
    scene: Scene,
    selection: Selection,
    strip: Strip,
    handles: Handles,
    packer: Packer,
    draws: Draws | None = None,
    pictures: int = 0,
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
        Columns of the sketch that is kept, at most; 0 = none is.

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
    masks = decoded.masks
    packed = packer.pack(bands, masks.qa, masks.radsat, rule, masks.saturated_bits)
    rows = look_at_bands(scene.checked_grid(), roles, strip, bands, packed.valid, pictures) if pictures else None
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
        Whether to read what tells of saturation.
    out
        What `area.outside` says: those pixels become fill; call `tell_more` on what is counted of them.

    Raises
    ------
    SceneError
        A file is damaged.
    """
    width = scene.checked_grid().width
    window = Window(strip.row, strip.row + strip.height, 0, width)
    with raster_env():
        buffers = handles.buffers(len(roles) + 2, (strip.height, width))
        bands = buffers[: len(roles)]
        cut, masks = _read(scene, roles, window, handles, buffers, saturation)
        blank = _blank(scene, roles, strip, handles, bands, masks)
    if out is not None:
        bands[0][out] = FILL
    converted = not all(scene.bands[role].values.on_scale for role in roles)
    return Decoded(bands, masks, cut, converted, blank)


def _read(
    scene: Scene, roles: Sequence[str], window: Window, handles: Handles, out: NDArray[np.uint16], saturation: bool
) -> tuple[NDArray[np.bool_] | None, Masks]:
    """Read bands and masks of a strip, all in one file at once; return where a value was cut, and the masks."""
    files = [scene.bands[role] for role in roles]

    def read_file(path: str, places: Sequence[int]) -> NDArray[np.bool_] | None:
        some, made = [files[place] for place in places], [out[place] for place in places]
        with handles.lent(scene, path) as dataset:
            return read_bands(dataset, some, window, unreadable(scene.id, window, path), made, handles.scratch)

    def read_rest() -> Masks:
        return _read_masks(scene, roles if saturation else (), window, handles, out[len(roles) :])

    calls = [partial(read_file, path, places) for path, places in by_path(file.path for file in files).items()]
    if any(is_remote(path) for path in scene.files):
        # While one file is waited for, others are decoded.
        *cuts, masks = handles.side_by_side([*calls, read_rest])
    else:
        cuts, masks = [call() for call in calls], read_rest()
    beyond = [cut for cut in cuts if cut is not None]
    return np.logical_or.reduce(beyond) if beyond else None, masks


def _read_masks(scene: Scene, roles: Sequence[str], window: Window, handles: Handles, out: NDArray[np.uint16]) -> Masks:
    """Read the masks of a strip, all that lie in one file at once, and saturation of these bands.

    What tells of no single band, as a class "saturated or defective", makes a pixel saturated in all of them.
    """
    lent, refusal = partial(handles.lent, scene), partial(unreadable, scene.id, window)
    as_stored = read_masks(scene.masks, lent, window, refusal, out[0], out.shape[2], handles.scratch)
    qa = out[0] if scene.masks else None
    if not roles:
        return Masks(qa, None, 0, as_stored)
    if scene.saturation is not None:
        path = scene.saturation.path
        with lent(path) as dataset:
            read_words(dataset, scene.saturation.band, window, refusal(path), out[1])
        return Masks(qa, out[1], scene.saturation_bits(roles), as_stored)
    return Masks(qa, qa if SATURATED in scene.told else None, SATURATION, as_stored)


def _blank(
    scene: Scene, roles: Sequence[str], strip: Strip, handles: Handles, bands: NDArray[np.uint16], masks: Masks
) -> dict[str, int]:
    """Return the files with tiles without a value where the others have some: name -> pixels.

    Raises
    ------
    SceneError
        A file does not hold such a tile at all.
    """
    files: list[BandFile | MaskFile] = [scene.bands[role] for role in roles]
    files += [masks.as_stored] if masks.as_stored is not None else []
    found: dict[str, int] = {}
    for gap in gaps(bands, masks.qa, [handles.tiles(file.path) for file in files]):
        file, row = files[gap.file], strip.row + gap.row
        name = file_name(file.path)
        if handles.lacks(scene, file.path, file.band, row, gap.column):
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
    if decoded.cut is not None:
        audit.clipped = int(np.count_nonzero(np.unpackbits(packed.valid, count=audit.pixels) & decoded.cut.reshape(-1)))
    audit.blank = decoded.blank
    audit.looks = look(packed.dn, audit.out_of_range, decoded.converted)


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
