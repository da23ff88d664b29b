"""Cases about damaged files, and scenes that are read without an error and are not what they should be."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from bands import DN, ONE, again, audit, band, bands_of, run, scene
from iikmc.engine.errors import SceneError
from iikmc.engine.runs.audit import PAGE_NAME, TABLE_NAME
from table import assert_sentence, case, refused
from tiny import Recorder, product, six_band_noise, spoil

SIDE = 128
BIG = six_band_noise(3, SIDE, SIDE)


def _tiled(folder: Path, **options: Any) -> Path:
    return scene(folder, BIG, tile=64, **options)


def _block(path: Path, column: int = 1, row: int = 1) -> tuple[int, int]:
    """Return where a tile lies in a file, and its length."""
    with rasterio.open(path) as dataset:
        place = f"{column}_{row}"
        start, size = (
            int(dataset.get_tag_item(f"BLOCK_{what}_{place}", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE")
        )
    return start, size


def _overwrite(path: Path, start: int, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(start)
        file.write(content)


def _forget(path: Path, *, count: bool, offset: bool) -> None:
    """Put 0 for the length and the place of the tile (1, 1) into the index of a little-endian classic TIFF."""
    content = bytearray(path.read_bytes())
    start, size = _block(path)
    for value, wanted in ((start, offset), (size, count)):
        if not wanted:
            continue
        # The index is four numbers, of which the last is that of this tile: it occurs there alone.
        for form in ("<I", "<H"):
            if value < 1 << 8 * struct.calcsize(form):
                found = [i for i in range(len(content) - 3) if content.startswith(struct.pack(form, value), i)]
                if len(found) == 1:
                    content[found[0] : found[0] + struct.calcsize(form)] = bytes(struct.calcsize(form))
                    break
        else:
            raise AssertionError("the index was not found")
    path.write_bytes(content)


def _sparse(path: Path, **profile: Any) -> None:
    """Write a file again without its tile (1, 1), whose pixels are then fill."""

    def emptied(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values[64:, 64:] = 0
        return values

    again(path, emptied, SPARSE_OK="TRUE", **profile)


@case(2, "SR_B4 without one of its tiles (sparse) where QA_PIXEL and the other bands have values", "refused")
def sparse_tile(folder: Path) -> None:
    path = _tiled(folder)
    _sparse(band(path))
    with refused(ONE, "_SR_B4.TIF does not hold the tile at row 64, column 64", error=SceneError):
        audit(path)


@case(2, "SR_B4 sparse in a big-endian BigTIFF", "refused")
def sparse_tile_in_bigtiff(folder: Path) -> None:
    path = _tiled(folder)
    _sparse(band(path), ENDIANNESS="BIG", BIGTIFF="YES")
    with refused(ONE, "_SR_B4.TIF does not hold the tile at row 64, column 64"):
        run(path)


@case(2, "QA_PIXEL sparse where the bands have values: without flags there nothing would be masked", "refused")
def sparse_quality_band(folder: Path) -> None:
    path = _tiled(folder)
    _sparse(band(path, "QA_PIXEL"))
    with refused(ONE, "QA_PIXEL.TIF does not hold the tile at row 64, column 64"):
        audit(path)


@case(2, "all bands sparse in the same tile, as clipped scenes are", "its pixels are fill")
def sparse_bands(folder: Path) -> None:
    path = _tiled(folder)
    for file in bands_of(path):
        _sparse(file)
    log = Recorder()
    assert audit(path, progress=log).fill == 64 * 64
    assert log.warnings == []


@case(2, "QA_RADSAT sparse: nothing is saturated there", "accepted")
def sparse_saturation_band(folder: Path) -> None:
    path = _tiled(folder)
    _sparse(band(path, "QA_RADSAT"))
    assert audit(path).valid == SIDE * SIDE


@case(2, "SR_B4 with a tile of length 0 in its index", "refused")
def tile_of_no_length(folder: Path) -> None:
    path = _tiled(folder)
    _forget(band(path), count=True, offset=False)
    with refused(ONE, "_SR_B4.TIF"):
        audit(path)


@case(2, "SR_B4 with a tile of length 0 at place 0 in its index", "refused")
def tile_without_a_place(folder: Path) -> None:
    path = _tiled(folder)
    _forget(band(path), count=True, offset=True)
    with refused(ONE, "_SR_B4.TIF"):
        audit(path)


def _written_anew(compress: str | None, damage: Callable[[int], bytes], **profile: Any) -> Callable[[Path], None]:
    def check(folder: Path) -> None:
        path = _tiled(folder)
        again(band(path), compress=compress, **profile)
        start, size = _block(band(path))
        _overwrite(band(path), start, damage(size))
        with refused(ONE, "_SR_B4.TIF cannot be read at rows", "damaged or incomplete"):
            audit(path)

    return check


for compress, predictor in (("DEFLATE", 1), ("DEFLATE", 2), ("LZW", 1), ("LZW", 2), ("ZSTD", 1), ("PACKBITS", 1)):
    check = _written_anew(compress, bytes, predictor=None if predictor == 1 else predictor)
    check.__name__ = f"zeros_in_{compress.lower()}_{predictor}"
    case(2, f"one tile of SR_B4 zeroed in the file, {compress}, predictor {predictor}", "refused")(check)


@case(2, "PackBits flipped in the middle, of which GDAL only warns", "refused with what GDAL says")
def packbits_flipped(folder: Path) -> None:
    path = _tiled(folder)
    again(band(path), compress="PACKBITS")
    start, size = _block(band(path))
    _overwrite(band(path), start + size // 2, bytes(0x55 ^ i for i in range(100)))
    with refused(ONE, "_SR_B4.TIF cannot be read at rows", "PackBitsDecode"):
        audit(path)


@case(2, "PackBits flipped, read by a script that has silenced rasterio's log", "refused as well")
def packbits_unheard(folder: Path) -> None:
    silenced = [logging.getLogger("rasterio"), logging.getLogger("rasterio._env")]
    before = [logger.level for logger in silenced]
    silenced[0].setLevel(logging.ERROR)
    try:
        packbits_flipped(folder)
    finally:
        for logger, level in zip(silenced, before):
            logger.setLevel(level)


@case(2, "one tile of an uncompressed SR_B4 zeroed", "a warning that names the file and counts its pixels")
def zeros_without_compression(folder: Path) -> None:
    path = _tiled(folder)
    again(band(path), compress=None)
    start, size = _block(band(path))
    _overwrite(band(path), start, bytes(size))
    log = Recorder()
    found = audit(path, progress=log)
    assert found.fill == 64 * 64
    (warning,) = log.warnings
    assert_sentence(warning, "2022-05-11 LC08 190027", "_SR_B4.TIF", "4,096 pixels", "may be damaged")


@case(2, "the first tile of an area of interest beside other tiles", "no warning: what lies outside is no gap")
def gaps_and_an_area(folder: Path) -> None:
    from iikmc.engine.scenes.area import Area

    path = _tiled(folder)
    corners = [(465_285, 5_264_715), (465_285 + 64 * 30, 5_264_715), (465_285 + 64 * 30, 5_264_715 - 64 * 30)]
    log = Recorder()
    audit(path, progress=log, area=Area("a", lambda *_: [{"type": "Polygon", "coordinates": [corners]}]))
    assert log.warnings == []


@case(2, "files cut off by some bytes, in strips and in tiles", "refused before anything is read")
def cut_off(folder: Path) -> None:
    for number, profile in enumerate(({"compress": None}, {"compress": "LZW"}, {"ENDIANNESS": "BIG"})):
        path = _tiled(folder / str(number))
        again(band(path, "QA_PIXEL"), **profile)
        content = band(path, "QA_PIXEL").read_bytes()
        band(path, "QA_PIXEL").write_bytes(content[:-5])
        with refused(ONE, "QA_PIXEL.TIF cannot be read to its end", "5 bytes are missing"):
            audit(path)


@case(2, "a file whose middle is zeros, as a download that was resumed badly leaves it", "refused")
def middle_of_zeros(folder: Path) -> None:
    path = _tiled(folder)
    spoil(band(path), 0.4, 0.7)
    with refused(ONE, "_SR_B4.TIF", "damaged or incomplete"):
        run(path)


# --- scenes of another scaling ---------------------------------------------------------------------------------------

REFLECTANCE = DN * 0.0000275 - 0.2
SCALINGS: dict[str, tuple[str, np.ndarray, str]] = {
    "times_10000": ("reflectance x 10000", np.clip(REFLECTANCE * 10_000, 1, None), "reflectance x 10000"),
    "zero_or_one": ("reflectance cut to 0 or 1", np.maximum(np.rint(REFLECTANCE), 1), "0 or 1"),
    "eight_bit": ("an 8-bit picture", np.clip(REFLECTANCE * 400, 1, 255), "8-bit picture"),
    "all_65535": ("65535 throughout, which no tag declares", np.full(DN.shape, 65535), "65535"),
    "swapped_bytes": ("bytes in the wrong order", DN.byteswap(), "another scaling"),
    "dark_water": ("water a little below reflectance 0", 6900 + DN % 300, "as water and shadow can"),
}


def _scaling(values: np.ndarray, words: str) -> Callable[[Path], None]:
    def check(folder: Path) -> None:
        good, odd = scene(folder), scene(folder, values.astype(np.uint16), product(day="20220612"))
        log = Recorder()
        run(good, odd, progress=log)
        (warning,) = (text for text in log.warnings if "outside DN" in text)
        assert_sentence(warning, "2022-06-12 LC08 190027", "outside DN 7273-43636", words, "%")
        log = Recorder()
        audit(odd, progress=log)
        assert [text for text in log.warnings if words in text], log.warnings
        for name in (TABLE_NAME, PAGE_NAME):
            assert words in (folder / "audit" / name).read_text(encoding="utf-8")

    return check


for name, (given, values, words) in SCALINGS.items():
    check = _scaling(values, words)
    check.__name__ = name
    case(2, f"one scene of a series is {given}", f"a warning with its name, its share and: {words}")(check)


@case(2, "one scene of a series is reflectance x 10000, mode: each scene on its own, or suggestk", "warned of too")
def scaling_in_other_tools(folder: Path) -> None:
    from iikmc.engine.choices import MODES
    from iikmc.engine.requests import Request, SuggestRequest
    from iikmc.engine.runs.each import run_in_mode
    from iikmc.engine.runs.suggestk import suggest
    from iikmc.engine.scenes.selection import MaskRule

    values = SCALINGS["times_10000"][1].astype(np.uint16)
    good, odd = scene(folder), scene(folder, values, product(day="20220612"))
    log = Recorder()
    request = Request((str(good), str(odd)), folder / "out", k=2, mask=MaskRule((), True), mode=MODES[1])
    result = run_in_mode(request, log)
    assert [text for text in log.warnings if "reflectance x 10000" in text]
    assert "reflectance x 10000" in result.report.read_text(encoding="utf-8")
    log = Recorder()
    suggest(SuggestRequest((str(good), str(odd)), MaskRule((), True), k_min=2, k_max=3), log)
    assert [text for text in log.warnings if "2022-06-12" in text and "reflectance x 10000" in text]


@case(2, "good scenes with half of their pixels out of range", "no warning, until it is more than half")
def half_out_of_range(folder: Path) -> None:
    values = np.full((6, 10, 10), 9000)
    values[0, :5] = 7000
    log = Recorder()
    assert audit(scene(folder, values), progress=log).out_of_range == 50
    assert log.warnings == []
    values[0, 5, 0] = 7000
    audit(scene(folder / "more", values), progress=log)
    assert [text for text in log.warnings if "51.0 %" in text]
