"""Noise from hashed lattices: a function of map coordinates and a salt, the same on every platform."""

from __future__ import annotations

import hashlib
import math

import numpy as np


def salted(*parts: object) -> int:
    """Return 32 bits that depend on all `parts`, the same on every platform."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "little")


def mixed(h: np.ndarray) -> np.ndarray:
    """Scramble uint32 in place (a multiply-xorshift finaliser) and return it."""
    h ^= h >> 16
    h *= np.uint32(0x7FEB352D)
    h ^= h >> 15
    h *= np.uint32(0x846CA68B)
    h ^= h >> 16
    return h


def hashed(i: np.ndarray, j: np.ndarray, salt: int) -> np.ndarray:
    """Return uint32 hashes of integer coordinates (broadcast against each other)."""
    a = i.astype(np.int32).view(np.uint32) * np.uint32(0x9E3779B1)
    b = j.astype(np.int32).view(np.uint32) * np.uint32(0x85EBCA77)
    return mixed((a ^ np.uint32(salt)) + b)


def to_unit(h: np.ndarray) -> np.ndarray:
    """Return float32 in [0, 1) from uint32 hashes; 24 bits, so that 1 is never reached."""
    return (h >> 8).astype(np.float32) * np.float32(2.0**-24)


def _spline(x: np.ndarray, y: np.ndarray, period: float, salt: int) -> np.ndarray:
    """Return cubic B-spline noise of about zero mean and unit variance, (len(y), len(x)) float32."""

    def axis(v: np.ndarray) -> tuple[np.ndarray, int, int, list[np.ndarray]]:
        u = v / period
        cell = np.floor(u)
        t = u - cell
        weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
        cell = cell.astype(np.int64)
        first = int(cell.min()) - 1
        return cell - 1 - first, first, int(cell.max()) + 3 - first, [(w / 6).astype(np.float32) for w in weights]

    ix, x0, nx, wx = axis(x)
    iy, y0, ny, wy = axis(y)
    lattice = to_unit(hashed(np.arange(x0, x0 + nx)[None, :], np.arange(y0, y0 + ny)[:, None], salt)) - np.float32(0.5)
    lattice *= np.float32(7.2)  # 1 / standard deviation of the spline of uniform numbers
    rows = lattice[:, ix] * wx[0]
    for k in (1, 2, 3):
        rows += lattice[:, ix + k] * wx[k]
    out = rows.take(iy, axis=0)
    out *= wy[0][:, None]
    for k in (1, 2, 3):
        part = rows.take(iy + k, axis=0)
        part *= wy[k][:, None]
        out += part
    return out


def _octaves(
    x: np.ndarray, y: np.ndarray, period: float, octaves: int, salt: int, gain: float, ridged: bool
) -> np.ndarray:
    total, norm, amplitude = np.zeros((len(y), len(x)), np.float32), 0.0, 1.0
    for octave in range(octaves):
        # Each octave is shifted, lest all lattices have lines in common, which would show.
        local = salted(salt, octave)
        shift = (local % 1009 / 1009.0 * period, local % 997 / 997.0 * period)
        noise = _spline(x + shift[0], y + shift[1], period / 2**octave, local)
        if ridged:
            noise = np.float32(1.25) - np.float32(1.6) * np.abs(noise)
        total += np.float32(amplitude) * noise
        norm += amplitude**2
        amplitude *= gain
    total *= np.float32(1 / math.sqrt(norm))
    return total


def fractal(
    x: np.ndarray, y: np.ndarray, period: float, octaves: int, salt: int, gain: float = 0.5, ridged: bool = False
) -> np.ndarray:
    """Return a sum of octaves of noise at map positions, about zero mean and unit variance.

    Parameters
    ----------
    x, y : ndarray of float64
        Ascending x and monotonous y in metres; the grid is their product.
    period : float
        Lattice spacing of the coarsest octave in metres; each further one has half of it.

    Returns
    -------
    ndarray of float32, (len(y), len(x))
    """
    # The splines of all octaves are evaluated at nodes, three to the finest period, then stretched bilinearly: many
    # times cheaper than at every pixel and not to be told apart. Nodes are absolute, so grids and strips agree.
    step = period / 2 ** (octaves - 1) / 3
    if len(x) < 2 or len(y) < 2 or step < 1.5 * abs(x[1] - x[0]):
        return _octaves(x, y, period, octaves, salt, gain, ridged)

    def axis(v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        u = v / step
        cell = np.floor(u)
        first, last = int(cell.min()), int(cell.max()) + 1
        nodes = np.arange(first, last + 1, dtype=np.float64) * step
        return (cell - first).astype(np.int64), (u - cell).astype(np.float32), nodes

    ix, fx, nodes_x = axis(x)
    iy, fy, nodes_y = axis(y)
    nodes = _octaves(nodes_x, nodes_y, period, octaves, salt, gain, ridged)
    rows = nodes.take(ix, axis=1)
    rows += (nodes.take(ix + 1, axis=1) - rows) * fx
    rise = rows[1:] - rows[:-1]
    out = rise.take(iy, axis=0)
    out *= fy[:, None]
    out += rows.take(iy, axis=0)
    return out


def smoothstep(low: float, high: float, v: np.ndarray) -> np.ndarray:
    """Return 0 up to `low`, 1 from `high` on, and a smooth way between."""
    t = np.clip((v - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (np.float32(3) - np.float32(2) * t)
