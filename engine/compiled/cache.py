"""Loading compiled loops, and where their machine code is kept."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from ..machine import cache_folder

T = TypeVar("T")

_loading = threading.Lock()
# How a folder of machine code is named, and how long it is kept unused: 60 days.
_NAME = re.compile("[0-9a-f]{8}")
_UNUSED_SECONDS = 60 * 86_400
# The modules of this package that compile nothing: these stay when loops are loaded anew.
_WITHOUT_LOOPS = ("background", "cache")


def load_module(name: str) -> ModuleType:
    """Return a module of compiled loops beside this one.

    Raises
    ------
    Exception
        Whatever Numba raises where it is missing, broken or of a version that fits nothing here.
    """
    qualified = f"{__package__}.{name}"
    with _loading:
        if qualified in sys.modules:
            return sys.modules[qualified]
        import numba

        # Numba looks at this setting when a function is declared; other plugins' functions must not see ours.
        kept = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(_writable(_folder(kept)))
        if not kept:
            _clear_unused(cache_folder())
        try:
            return _imported(name)
        finally:
            numba.config.CACHE_DIR = kept


def _imported(name: str) -> ModuleType:
    # By statements, not importlib: QGIS watches those to know which modules go when a plugin is updated or reloaded,
    # and a new version must not compute with the old one's loops.
    if name == "wide_cells":
        from . import wide_cells

        return wide_cells
    if name == "cells":
        from . import cells

        return cells
    if name == "judging":
        from . import judging

        return judging
    if name == "loops":
        from . import loops

        return loops
    if name == "margins":
        from . import margins

        return margins
    if name == "mixed":
        from . import mixed

        return mixed
    if name == "pixels":
        from . import pixels

        return pixels
    raise ValueError(f"there are no compiled loops {name!r}")


def loaded() -> list[str]:
    """Return the names of the modules beside this one that hold compiled loops, or what these share, and are loaded."""
    begin = f"{__package__}."
    found = (name[len(begin) :] for name in tuple(sys.modules) if name.startswith(begin))
    return [name for name in found if name not in _WITHOUT_LOOPS]


def forgiving(make: Callable[[], T]) -> T:
    """Return what `make` makes of compiled loops; where that fails with machine code of the cache, once more without.

    A file of the cache may be truncated or damaged, and Numba then raises, or the self-test finds another answer.

    Parameters
    ----------
    make
        Loads its modules itself.

    Raises
    ------
    Exception
        Whatever `make` raises with loops that were compiled now.
    """
    try:
        return make()
    except ImportError:
        raise
    except Exception:
        if not _forget():
            raise
    return make()


def _forget() -> bool:
    """Remove this source's machine code, and the modules that may have loaded it; tell whether there was any."""
    files = [path for end in ("nbi", "nbc") for path in _folder(os.environ.get("NUMBA_CACHE_DIR")).rglob(f"*.{end}")]
    package = sys.modules[__package__]
    with _loading:
        # With what they share: code that was loaded for one of them stays in it, and would be put into the new one.
        for name in loaded():
            sys.modules.pop(f"{__package__}.{name}", None)
            vars(package).pop(name, None)
    for path in files:
        # Another process may do the same.
        with suppress(OSError):
            path.unlink()
    return bool(files)


def is_compiled(name: str) -> bool:
    """Tell whether a function's machine code lies in the cache, as far as one can see without loading Numba."""
    return any(_folder(os.environ.get("NUMBA_CACHE_DIR")).rglob(f"*.{name}-*.nbc"))


def _folder(wished: str | None) -> Path:
    """Return the folder of this very source: Numba sees changes in a function's own file, not in those it calls."""
    source = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return (Path(wished) if wished else cache_folder()) / f"{zlib.crc32(source):08x}"


def _clear_unused(parent: Path) -> None:
    """Remove the machine code of other sources, such as earlier versions', that nobody has loaded for long.

    Another profile or copy of QGIS may have another version, which only compiles anew if its code is gone.
    """
    try:
        for folder in parent.iterdir():
            unused = time.time() - folder.stat().st_mtime > _UNUSED_SECONDS
            if unused and _NAME.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return


def _writable(folder: Path) -> Path:
    """Return the folder, or a temporary one where it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            # So that `_clear_unused` sees when it was used last.
            with suppress(OSError):
                os.utime(folder)
            return folder
    except OSError:
        temporary = tempfile.mkdtemp(prefix="iikmc-numba-")
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        return Path(temporary)
