"""Classes into other classes, pixel by pixel, and the sieve that takes small patches away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import UNCLASSIFIED
from ..scenes.files import raster_env

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOUR, EIGHT = 4, 8
"""Neighbours of a pixel that may belong to its patch: those at its sides, or those at its corners as well."""


def lookup(ids: Sequence[int]) -> NDArray[np.uint8]:
    """Return what becomes of each value of a raster, (256,), where class i becomes `ids[i - 1]`.

    0, which is no class, and 255, which is unclassified, stay.
    """
    return table_of(dict(enumerate(ids, start=1)))


def table_of(becomes: Mapping[int, int]) -> NDArray[np.uint8]:
    """Return what becomes of each value of a raster, (256,): values that are not told stay."""
    table = np.arange(256, dtype=np.uint8)
    for value, new in becomes.items():
        table[value] = new
    return table


def merge_labels(labels: NDArray[np.uint8], ids: Sequence[int]) -> NDArray[np.uint8]:
    """Return labels of any shape with class i as `ids[i - 1]`; the labels themselves where there are no `ids`."""
    return lookup(ids)[labels] if ids else labels


def sieve(classes: NDArray[np.uint8], least: int, neighbours: int = FOUR) -> NDArray[np.uint8]:
    """Return classes whose small patches have become part of their largest neighbour.

    GDAL's sieve (`GDALSieveFilter`): a patch of less than `least` pixels takes the class of the largest patch that
    touches it, unless that is too small as well. Pixels without a class, 0 or 255, are no patch and no neighbour:
    they neither shrink nor grow.

    Parameters
    ----------
    classes : (height, width)
        Not changed.
    least
        Pixels that a patch must have to stay; 0 and 1 leave all.
    neighbours
        `FOUR` or `EIGHT`: which pixels belong together.
    """
    from rasterio.features import sieve as gdal_sieve

    # rasterio refuses a size above that of the raster, in which every patch is too small, and stays.
    if least <= 1 or least > classes.size:
        return classes
    known = (classes != 0) & (classes != UNCLASSIFIED)
    with raster_env():
        cleaned: NDArray[np.uint8] = gdal_sieve(classes, least, mask=known, connectivity=neighbours)
    # What is masked is not looked at, and comes back as it was; GDAL's help does not promise that.
    return np.where(known, cleaned, classes)
