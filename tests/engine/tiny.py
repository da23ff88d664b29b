"""Tiny scenes from explicit arrays, and the few helpers that every engine test needs."""

from __future__ import annotations

import importlib.util
import json
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from iikmc.benchmarks.simulate import write_scene
from iikmc.engine.kernels.cells.kernel import CellsKernel
from iikmc.engine.kernels.cells.numba_work import NumbaWork
from iikmc.engine.kernels.cells.numpy_work import NumpyWork
from iikmc.engine.kernels.cells.workshop import Workshop
from iikmc.engine.kernels.kernel import Held, Kernel, Labelling
from iikmc.engine.kernels.numba_kernel import NumbaKernel
from iikmc.engine.kernels.numpy_kernel import NumpyKernel
from iikmc.engine.kernels.reference import ReferenceKernel
from iikmc.engine.pixels.block import Block, Tally


class UnprunedNumbaKernel(NumbaKernel):
    """The Numba kernel that labels every pixel every time."""

    def __init__(self) -> None:
        super().__init__(prune=False)


class NumbaCellsKernel(CellsKernel):
    """Cells in compiled loops, from the first labelling on, for blocks of any size."""

    def __init__(self) -> None:
        super().__init__(NumbaKernel(), Workshop.made(NumbaWork()), cells=40, least=0)


class NumpyCellsKernel(CellsKernel):
    """Cells in NumPy, from the first labelling on, for blocks of any size."""

    def __init__(self) -> None:
        super().__init__(NumpyKernel(), Workshop.made(NumpyWork()), cells=40, least=0)


HAS_NUMBA = importlib.util.find_spec("numba") is not None
KERNELS: tuple[type[Kernel], ...] = (
    ReferenceKernel,
    NumpyKernel,
    NumpyCellsKernel,
    *([NumbaKernel, UnprunedNumbaKernel, NumbaCellsKernel] if HAS_NUMBA else []),
)
"""Every kernel; a new one joins all tests of agreement here."""

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")
# Written down again, not imported: the numbers of the SR_B files of blue .. swir2 (USGS LSDS-1618 and LSDS-1619).
TM = (1, 2, 3, 4, 5, 7)
OLI = (2, 3, 4, 5, 6, 7)
CLEAR = {"T": 5440, "E": 5440, "C": 21824, "O": 21824}
"""QA_PIXEL of a clear land pixel by the second letter of the product identifier."""


def product(
    sensor: str = "LC08",
    day: str = "20220511",
    path_row: str = "190027",
    level: str = "L2SP",
    processed: str = "20220601",
    tier: str = "T1",
    collection: str = "02",
) -> str:
    """Return a product identifier."""
    return f"{sensor}_{level}_{path_row}_{day}_{processed}_{collection}_{tier}"


def make_scene(folder: Path, name: str, dn: Any, qa: Any = "clear", radsat: Any = None, **options: Any) -> Path:
    """Write a scene folder below `folder` and return it.

    Parameters
    ----------
    dn
        (6, height, width) DN of blue .. swir2; or (height, width), the same in all six.
    qa
        QA_PIXEL: (height, width), a number for all pixels, "clear", or None for no file.
    radsat
        QA_RADSAT: (height, width), a number for all pixels, or None for no file.
    options
        Of `write_scene`.
    """
    dn = np.asarray(dn, np.uint16)
    if dn.ndim == 2:
        dn = np.stack([dn] * 6)
    shape = dn.shape[1:]
    qa = CLEAR[name[1]] if isinstance(qa, str) else qa
    planes = [None if a is None else np.broadcast_to(np.asarray(a, np.uint16), shape) for a in (qa, radsat)]
    numbers = OLI if name[1] in "CO" else TM
    return write_scene(folder, name, dict(zip(numbers, dn)), *planes, **options)


def make_tar(folder: Path, bundle: Path, prefix: str = "") -> Path:
    """Bundle the files of a scene folder as `bundle`, each member's name after `prefix`."""
    with tarfile.open(bundle, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, prefix + path.name)
    return bundle


class Subject:
    """A block that one kernel after the other labels, and what the last of them holds of it."""

    def __init__(self, dn: Any, k: int) -> None:
        """Make a block of pixels (n_bands, n), or take one, that nobody has labelled."""
        self.block = dn if isinstance(dn, Block) else Block.loose(np.ascontiguousarray(dn, np.uint16))
        self.k = k
        self.kernel: Kernel | None = None
        self.held: Held | None = None

    def hold(self, kernel: Kernel) -> Held:
        """Have a kernel hold the block, on the labels of the one before."""
        if self.held is None or self.kernel is not kernel:
            before = None if self.held is None else Labelling(self.held.labels(), self.held.tally)
            self.kernel, self.held = kernel, kernel.hold(self.block, self.k, before)
        return self.held

    def relabel(self, kernel: Kernel, centres: Any, moves: Any = None) -> int:
        """Have a kernel label the block anew and return how many pixels changed class."""
        return self.hold(kernel).relabel(centres, moves).changed

    @property
    def labels(self) -> np.ndarray:
        """Row by row; 0 where nobody has labelled yet."""
        return np.zeros(self.size, np.uint8) if self.held is None else self.held.labels()

    @property
    def tally(self) -> Tally:
        """Of the labels."""
        return Tally.zero(self.k, self.block.n_bands) if self.held is None else self.held.tally

    @property
    def dn(self) -> np.ndarray:
        """The pixels."""
        return self.block.dn

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.block.size


def read_raster(path: Path) -> np.ndarray:
    """Return the first band of a raster."""
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def spoil(path: Path, start: float = 0.5, end: float = 0.75) -> None:
    """Overwrite a part of a file with zeros: of one in Deflate, tiles that cannot be decoded."""
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(int(size * start))
        file.write(bytes(int(size * end) - int(size * start)))


def read_json(path: Path) -> Any:
    """Return the document in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def listing(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its content; folders as their name with a slash."""
    return {
        str(path.relative_to(folder)) + ("/" if path.is_dir() else ""): b"" if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def six_band_noise(seed: int, height: int, width: int, covers: int = 5) -> np.ndarray:
    """Return (6, height, width) DN: a few overlapping covers from dark to bright, so that k-means needs iterations."""
    rng = np.random.default_rng(seed)
    centres = 8000 + 3500 * np.arange(covers)[:, None] + np.random.default_rng(99).integers(-2500, 2501, (covers, 6))
    cover = rng.integers(0, covers, (height, width))
    noise = rng.normal(0, 1800, (height, width, 6))
    return np.clip(centres[cover] + noise, 1, 65535).astype(np.uint16).transpose(2, 0, 1)


class Recorder:
    """A progress that remembers what it was told, and turns cancelled when `stop` says so."""

    def __init__(self, stop: Any = None) -> None:
        self.fractions: list[float] = []
        self.stages: list[str] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.asked = 0
        self._stop = stop

    def report(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def stage(self, text: str) -> None:
        self.stages.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def cancelled(self) -> bool:
        self.asked += 1
        return bool(self._stop and self._stop(self))


def pixels_of(scenes: Iterable[Any]) -> np.ndarray:
    """Return (n_bands, n) of (n_bands, height, width) arrays laid end to end."""
    return np.concatenate([np.asarray(dn).reshape(len(dn), -1) for dn in scenes], axis=1)


def ids(values: Sequence[type[Kernel]]) -> list[str]:
    """Return the names of kernels for the test ids."""
    return [value.__name__ for value in values]
