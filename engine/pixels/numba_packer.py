"""The packer in compiled loops: what `pixels.packing.NumpyPacker` does, several times as fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..compiled.cache import load_module
from ..scenes.selection import MaskRule
from ..sensors.flags import FLAGS, QA_FILL, flag_bits
from ..sensors.scale import VALID_DN
from .masking import Audit
from .packing import PackedPixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import DN, Labels

_NAMES = tuple(FLAGS)
_BITS = np.array(list(FLAGS.values()), np.uint16)
_LOWEST = np.uint16(VALID_DN[0])
_RANGE = np.uint16(VALID_DN[1] - VALID_DN[0])
_NOTHING = np.empty(0, np.uint16)


class NumbaPacker:
    """The work on strips in compiled loops."""

    def __init__(self) -> None:
        """Load the loops; raises whatever Numba raises."""
        self._loops: Any = load_module("pixels")

    def pack(
        self,
        bands: NDArray[np.uint16],
        qa: NDArray[np.uint16] | None,
        radsat: NDArray[np.uint16] | None,
        rule: MaskRule,
        saturated_bits: int,
    ) -> PackedPixels:
        """Mask and pack a strip; the parameters are those of `masking.mask`."""
        n_bands = bands.shape[0]
        flat = bands.reshape(n_bands, -1)
        n = flat.shape[1]
        valid = np.empty(n, np.uint8)
        words = valid[: n // 8 * 8].view(np.uint64)
        bits = np.empty(-(-n // 8), np.uint8)
        flags = np.zeros(len(_NAMES), np.int64)
        counts = np.zeros(3, np.int64)
        self._loops.mask(
            flat,
            _NOTHING if qa is None else qa.reshape(-1),
            qa is not None,
            _NOTHING if radsat is None else radsat.reshape(-1),
            radsat is not None,
            np.uint16(QA_FILL),
            _BITS,
            np.uint16(flag_bits(rule.flags)),
            np.uint16(saturated_bits),
            valid,
            words,
            bits,
            flags,
            counts,
        )
        fill, saturated, n_valid = (int(count) for count in counts)
        audit = Audit(pixels=n, fill=fill, saturated=saturated, valid=n_valid)
        if qa is not None:
            audit.flags = {name: int(count) for name, count in zip(_NAMES, flags)}
        low, high = np.full(n_bands, 65535, np.uint16), np.zeros(n_bands, np.uint16)
        if n_valid == n:
            dn = flat.copy()
        else:
            dn = np.empty((n_bands, n_valid), np.uint16)
            self._loops.pack(flat, valid, words, dn)
        outside = np.empty(self._loops.CHUNK, np.uint8)
        audit.out_of_range = int(self._loops.look(dn, _LOWEST, _RANGE, outside, low, high))
        return PackedPixels(bits, dn, audit, low, high)

    def spread(self, valid: NDArray[np.uint8], labels: Labels, height: int, width: int) -> NDArray[np.uint8]:
        """Put labels back on the grid; the parameters are those of `packing.unmask`."""
        out = np.zeros(height * width, np.uint8)
        self._loops.spread(valid, labels, out)
        return out.reshape(height, width)

    def squares(self, dn: DN, labels: Labels, k: int) -> NDArray[np.uint64]:
        """Return the (k, n_bands) sums of the members' squared DN."""
        width = 8 if dn.shape[0] <= 8 else 16
        tables = np.zeros((2, 256 * width), np.uint64)
        self._loops.squares(dn, labels, tables)
        return tables.sum(axis=0).reshape(256, width)[1 : k + 1, : dn.shape[0]]
