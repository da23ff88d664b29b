"""The work on a strip besides labelling: masking, packing, class squares, labels back on the grid.

`NumpyPacker` is the definition; `numba_packer` does the same in compiled loops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..scenes.selection import MaskRule
from .masking import Audit, count_out_of_range, mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Labels


@dataclass(frozen=True)
class PackedPixels:
    """The valid pixels of a strip and what was learnt on the way."""

    valid: NDArray[np.uint8]
    """Valid mask, row by row, eight pixels a byte (`numpy.packbits`)."""
    dn: DN
    """(n_bands, n_valid) values, row by row."""
    audit: Audit
    """Why the others are invalid."""
    low: NDArray[np.uint16]
    """(n_bands,) lowest valid DN; 65535 where no pixel is valid."""
    high: NDArray[np.uint16]
    """(n_bands,) highest valid DN; 0 where no pixel is valid."""


class Packer(Protocol):
    """Does the work on strips and blocks that is neither reading nor labelling. One object may serve many threads."""

    def pack(
        self,
        bands: NDArray[np.uint16],
        qa: NDArray[np.uint16] | None,
        radsat: NDArray[np.uint16] | None,
        rule: MaskRule,
        saturated_bits: int,
    ) -> PackedPixels:
        """Mask and pack a strip; the parameters are those of `mask`."""

    def spread(self, valid: NDArray[np.uint8], labels: Labels, height: int, width: int) -> NDArray[np.uint8]:
        """Put labels back on the grid; the parameters are those of `unmask`."""

    def squares(self, dn: DN, labels: Labels, k: int) -> NDArray[np.uint64]:
        """Return the (k, n_bands) sums of the members' squared DN; fewer than 2**32 pixels."""


class NumpyPacker:
    """The work in NumPy."""

    def pack(
        self,
        bands: NDArray[np.uint16],
        qa: NDArray[np.uint16] | None,
        radsat: NDArray[np.uint16] | None,
        rule: MaskRule,
        saturated_bits: int,
    ) -> PackedPixels:
        """Mask and pack a strip; the parameters are those of `mask`."""
        valid, audit = mask(bands, qa, radsat, rule, saturated_bits)
        dn = pack(bands, valid)
        audit.out_of_range = count_out_of_range(dn)
        low = dn.min(axis=1, initial=np.uint16(65535))
        high = dn.max(axis=1, initial=np.uint16(0))
        return PackedPixels(np.packbits(valid), dn, audit, low, high)

    def spread(self, valid: NDArray[np.uint8], labels: Labels, height: int, width: int) -> NDArray[np.uint8]:
        """Put labels back on the grid; the parameters are those of `unmask`."""
        return unmask(valid, labels, height, width)

    def squares(self, dn: DN, labels: Labels, k: int) -> NDArray[np.uint64]:
        """Return the (k, n_bands) sums of the members' squared DN."""
        return squares(dn, labels, k)


def pack(bands: NDArray[np.uint16], valid: NDArray[np.bool_]) -> DN:
    """Return a copy of the values of the valid pixels, (n_bands, n_valid), in row-major order."""
    n_bands = bands.shape[0]
    index = np.flatnonzero(valid)
    if index.size == valid.size:
        return bands.reshape(n_bands, -1).copy()
    dn = np.empty((n_bands, index.size), np.uint16)
    for band, out in zip(bands, dn):
        # mode="clip" spares the bounds buffer; the index is in range by construction.
        np.take(band.reshape(-1), index, out=out, mode="clip")
    return dn


def unmask(valid: NDArray[np.uint8], labels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Put labels back on the grid.

    Parameters
    ----------
    valid
        Valid mask as `PackedPixels.valid`.
    labels
        (n_valid,) classes.
    height, width
        Of the strip.

    Returns
    -------
    (height, width) uint8
        Classes 1..k; 0 where the pixel is not valid.
    """
    where = np.unpackbits(valid, count=height * width).view(bool)
    out = np.zeros(height * width, np.uint8)
    out[where] = labels
    return out.reshape(height, width)


# A float64 sum of squares of one chunk stays below 2**32 * 2**16 = 2**48 < 2**53: exact.
_CHUNK = 1 << 16


def squares(dn: DN, labels: Labels, k: int) -> NDArray[np.uint64]:
    """Return the sums of the members' squared DN.

    Parameters
    ----------
    dn
        (n_bands, n) DN, n below 2**32, so that a sum stays below 2**64.
    labels
        (n,) classes 1..k.
    k
        Number of classes.

    Returns
    -------
    (k, n_bands) uint64
    """
    n_bands, n = dn.shape
    result: NDArray[np.uint64] = np.zeros((k, n_bands), np.uint64)
    for start in range(0, n, _CHUNK):
        part = slice(start, start + _CHUNK)
        index = labels[part].astype(np.intp)
        for b in range(n_bands):
            values = dn[b, part].astype(np.float64)
            values *= values
            result[:, b] += np.bincount(index, weights=values, minlength=k + 1)[1:].astype(np.uint64)
    return result
