"""Pixels to try the GPU kernel on, and whether it gives the reference's and the NumPy kernel's answers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..engine.kernels.numpy_kernel import NumpyKernel
from ..engine.kernels.reference import ReferenceKernel
from ..engine.pixels.block import Block

EXTREMES = (1, 2, 4095, 7273, 32767, 32768, 43636, 65534, 65535)
CHUNK = 1 << 20


def landscape(n_bands: int, n: int, seed: int = 1, threads: int = 0) -> np.ndarray:
    """Return (n_bands, n) DN: runs of 3 to 40 pixels of 20 overlapping land covers with noise, by the seed."""
    covers = np.random.default_rng(seed).integers(7500, 22000, (20, n_bands))
    dn = np.empty((n_bands, n), np.uint16)

    def fill(start: int) -> None:
        rng = np.random.default_rng((seed, start))
        size = min(CHUNK, n - start)
        lengths = rng.integers(3, 41, size // 3 + 1)
        cover = np.repeat(rng.integers(0, len(covers), lengths.size), lengths)[:size]
        for b in range(n_bands):
            noise = rng.standard_normal(size, np.float32) * 700
            dn[b, start : start + size] = np.clip(covers[cover, b] + noise, 1, 65535)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        list(pool.map(fill, range(0, n, CHUNK)))
    return dn


def hostile(rng: np.random.Generator, n_bands: int, n: int, k: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return extreme and random pixels, and centres on pixels, midway between two, at the extremes and twice."""
    dn = rng.choice(np.array(EXTREMES), (n_bands, n))
    usual = rng.random(n) < 0.5
    dn[:, usual] = rng.integers(7000, 30000, (n_bands, int(usual.sum())))
    pixels = dn.astype(np.int64)

    def centres() -> np.ndarray:
        chosen = 64 * pixels[:, rng.integers(0, n, k)].T
        midway = 32 * (pixels[:, rng.integers(0, n, k)] + pixels[:, rng.integers(0, n, k)]).T
        chosen[1::3] = midway[1::3]
        chosen[2::4] = chosen[: len(chosen[2::4])]
        chosen[-1] = 64 * 65535
        return chosen

    first = centres()
    few = first.copy()
    few[k // 2] = np.minimum(few[k // 2] + 5, 64 * 65535)
    return dn.astype(np.uint16), [first, few, few, centres(), first[::-1].copy()]


def same(one: Any, other: Any, centres: np.ndarray, labels: bool = True) -> bool:
    """Label what two kernels hold of the same pixels; tell whether changes, sums and, if asked, labels are the same."""
    ours, theirs = one.relabel(centres), other.relabel(centres)
    return (
        ours.changed == theirs.changed
        and all(
            np.array_equal(mine.count, yours.count) and np.array_equal(mine.total, yours.total)
            for mine, yours in ((ours.tally, theirs.tally), (one.tally, other.tally))
        )
        and (not labels or np.array_equal(one.labels(), other.labels()))
    )


def check_equality(kernel: Any, classes: tuple[int, ...], bands: tuple[int, ...], large: int) -> list[dict[str, Any]]:
    """Compare the kernel with the reference on 3,001 hostile pixels and with the NumPy kernel on `large` ones."""
    reference, numpy = ReferenceKernel(), NumpyKernel()
    rows = []
    for k in classes:
        for n_bands in bands:
            row: dict[str, Any] = {"k": k, "bands": n_bands}
            for name, other, n in (("reference", reference, 3001), ("numpy", numpy, large)):
                dn, sets = hostile(np.random.default_rng((k, n_bands, n)), n_bands, n, k)
                ours, theirs = (each.hold(Block.loose(dn), k) for each in (kernel, other))
                # Half of the times the labels stay on the card, as in a run.
                row[name] = all(same(ours, theirs, centres, number % 2 == 0) for number, centres in enumerate(sets))
            rows.append(row)
    return rows
