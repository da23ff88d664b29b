"""How much memory there is, and where pixels go that do not fit."""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..claims import LOCK, Claim, clear_dead
from ..errors import MemoryBudgetError, first_line
from ..machine import free_disk, free_memory
from ..quantities import size
from .block import Stored

if TYPE_CHECKING:
    from ..arrays import DN

_PREFIX = "iikmc-"
# Of the memory that is free when the run starts: the rest is for decoding, the rasters being written, and QGIS.
_SAFE_SHARE = 0.6


def automatic_budget() -> int:
    """Return the bytes that the pixels of a run may take when the user sets no limit."""
    return int(free_memory() * _SAFE_SHARE)


def budget_of(megabytes: int) -> int:
    """Return the bytes that MEMORY gives to the pixels of a run; 0 = the automatic budget."""
    return megabytes * 1_000_000 or automatic_budget()


@dataclass(frozen=True)
class SpilledPixels:
    """Pixel values in a file, mapped into memory while they are worked on."""

    path: Path
    """The file, native uint16."""
    shape: tuple[int, int]
    """(n_bands, n_valid)."""

    def open(self) -> DN:
        """Map the file; the pages are given back when the array is dropped.

        Raises
        ------
        MemoryBudgetError
            It has vanished or lost its end.
        """
        try:
            # Copy-on-write, though nobody writes: a read-only array is another type to Numba.
            return np.asarray(np.memmap(self.path, np.uint16, "c", shape=self.shape))
        except (OSError, ValueError) as error:
            raise MemoryBudgetError(
                f"MEMORY: the temporary file {self.path} with pixels of this run cannot be read any more "
                f"({first_line(error)}); raise MEMORY so that none is needed, or keep other programs from clearing "
                "the folder, and run again."
            ) from error


def bytes_beside(pixels: int, masked: int | None = None) -> int:
    """Return the bytes that pixels take beside their values: uint8 label, uint16 key or cell, and 1/8 byte of mask.

    Parameters
    ----------
    pixels
        Valid pixels.
    masked
        Pixels of the strips that hold them, valid or not, each of which has its bit in the mask; `pixels` by default.
    """
    return 3 * pixels + (pixels if masked is None else masked) // 8


class PixelStore:
    """Keeps pixel values in memory up to a budget, and the rest in files that disappear with the store.

    Labels, gap keys or cells, and valid masks always stay in memory; their share of the budget is set aside at first.
    """

    def __init__(
        self, budget: int, pixels: int, n_bands: int, fallback: Path, masked: int | None = None, aside: int = 0
    ) -> None:
        """Plan for at most `pixels` pixels.

        Parameters
        ----------
        budget
            Bytes.
        pixels
            Pixels that may turn out valid in all scenes together.
        n_bands
            Bands kept.
        fallback
            Folder for the files where the temporary folder is itself in memory.
        masked
            Pixels of the strips that hold them, valid or not; `pixels` by default.
        aside
            Bytes of the budget that are wanted for something else; none by default.

        Raises
        ------
        MemoryBudgetError
            The pixels may neither fit the budget nor the disk.
        """
        self._left = budget - bytes_beside(pixels, masked) - aside
        self._budget = budget
        self._parent = spill_parent(fallback)
        # The fallback belongs to this run already, and is cleared with what else it made.
        self._shared = self._parent != fallback
        self._folder: Path | None = None
        self._claim: Claim | None = None
        if self._shared:
            clear_dead(self._parent, _PREFIX)
        self._lock = threading.Lock()
        self._files = 0
        self.spilled = 0
        most = expected_use(budget, pixels, pixels, n_bands, masked, aside)[1]
        free = free_disk(self._parent)
        if most > free:
            raise MemoryBudgetError(
                f"MEMORY: with {size(budget)} for the pixels up to {size(most)} must go to {self._parent}, "
                f"which has {size(free)} free; raise MEMORY, free some space or use fewer scenes."
            )

    def __enter__(self) -> PixelStore:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._claim is not None:
            self._claim.release()

    def expect(self, pixels: int, masked: int) -> None:
        """Plan for more pixels than was known at first, as where scenes come one by one; any thread may call."""
        with self._lock:
            self._left -= bytes_beside(pixels, masked)

    def keep(self, dn: DN) -> DN | SpilledPixels:
        """Keep the pixels of a block in memory or in a file; any thread may call.

        Raises
        ------
        MemoryBudgetError
            The file cannot be written.
        """
        try:
            with self._lock:
                if dn.nbytes <= self._left:
                    self._left -= dn.nbytes
                    return dn
                if self._folder is None:
                    self._folder = self._new_folder()
                self._files += 1
                self.spilled += dn.nbytes
                path = self._folder / f"block-{self._files}.dn"
            _write(path, dn)
        except OSError as error:
            raise self._no_room(error) from error
        return SpilledPixels(path, (dn.shape[0], dn.shape[1]))

    def _new_folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._parent))
        if self._shared:
            # As long as this run lives, no other clears it.
            self._claim = Claim(folder.with_name(f"{folder.name}{LOCK}"))
            self._claim.take()
        return folder

    def replace(self, kept: DN | Stored, dn: DN) -> DN | Stored:
        """Keep the pixels of a block in another order, where the store has put them; any thread may call.

        Parameters
        ----------
        kept
            What `keep` has returned; worthless afterwards.
        dn
            The same pixels.

        Raises
        ------
        MemoryBudgetError
            The file cannot be written; `kept` is as it was.
        """
        if not isinstance(kept, SpilledPixels):
            return dn
        with self._lock:
            self._files += 1
            path = kept.path.with_name(f"block-{self._files}.dn")
        try:
            _write(path, dn)
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise self._no_room(error) from error
        # Where a file that is still mapped cannot be deleted, it goes with the folder.
        with suppress(OSError):
            kept.path.unlink()
        return SpilledPixels(path, kept.shape)

    def _no_room(self, error: OSError) -> MemoryBudgetError:
        return MemoryBudgetError(
            f"MEMORY: pixels beyond the {size(self._budget)} in memory cannot be written to "
            f"{self._folder or self._parent} ({error.strerror or error}); raise MEMORY or free some space."
        )


def _write(path: Path, dn: DN) -> None:
    # Not `tofile`, which is not told when the last bytes find no room.
    with open(path, "wb") as file:
        file.write(np.ascontiguousarray(dn).data)


def expected_use(
    budget: int, pixels: int, valid: int, n_bands: int, masked: int | None = None, aside: int = 0
) -> tuple[int, int]:
    """Return the bytes that a run will take for its pixels, and how many of them a `PixelStore` will put into files.

    Parameters
    ----------
    budget
        Bytes that the pixels may take in memory.
    pixels, valid
        Pixels that might turn out valid in all scenes together, and those that did.
    n_bands
        Bands kept.
    masked
        Pixels of the strips that hold them; `pixels` by default.
    aside
        Bytes that are wanted for something else besides.
    """
    values = 2 * n_bands * valid
    left = max(budget - bytes_beside(pixels, masked) - aside, 0)
    return values + bytes_beside(valid) + aside, max(values - left, 0)


def spill_parent(fallback: Path) -> Path:
    """Return where a `PixelStore` makes its folder: the temporary folder, or `fallback` where that lies in memory."""
    temporary = Path(tempfile.gettempdir())
    return fallback if _in_memory(temporary) else temporary


def _in_memory(folder: Path) -> bool:
    """Tell whether a folder lies in a file system that is itself memory, as /tmp of Debian 13 or Fedora."""
    try:
        with open("/proc/mounts", encoding="utf-8") as file:
            mounts = [line.split() for line in file]
    except OSError:
        return False
    parents = {str(folder.resolve()), *map(str, folder.resolve().parents)}
    best = max((fields for fields in mounts if fields[1] in parents), key=lambda fields: len(fields[1]), default=None)
    return best is not None and best[2] in ("tmpfs", "ramfs")
