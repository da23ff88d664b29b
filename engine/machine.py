"""What this computer has: cores, free memory and disk, the folder for machine code, the processor."""

from __future__ import annotations

import ctypes
import errno
import math
import os
import platform
import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from .quantities import size


def describe() -> list[tuple[str, str]]:
    """Return (what, value) pairs in words: processor, cores that may be used, free memory, system."""
    return [
        ("Processor", processor()),
        ("Cores that QGIS may use", str(available_cores())),
        ("Free memory", size(free_memory())),
        ("System", platform.platform()),
    ]


def processor() -> str:
    """Return the processor's name, as far as the system tells."""
    if sys.platform.startswith("linux"):
        try:
            with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
                for line in file:
                    name, _, value = line.partition(":")
                    if name.strip() == "model name":
                        return value.strip()
        except OSError:
            pass
    return platform.processor() or platform.machine() or "unknown"


# A disk with less is full; one with more that takes nothing has no room for one more name.
_ROOM = 1 << 20

LONGEST_ON_WINDOWS = 259
"""Characters of a path that Windows takes unless it is set to take more: MAX_PATH without the zero at its end."""
# ERROR_FILENAME_EXCED_RANGE, and what Windows says as well of a path that is too long: ERROR_FILE_NOT_FOUND and
# ERROR_PATH_NOT_FOUND (winerror.h).
_RANGE, _NOT_FOUND = 206, (2, 3)

# Where the free memory cannot be found out: half of the 16 GB laptop that the plugin is made for.
_UNKNOWN_FREE = 8 << 30


def free_memory() -> int:
    """Return the bytes of memory that programs can still take without swapping."""
    for ask in (_free_linux, _free_windows, _free_macos):
        try:
            free = ask()
        except (OSError, ValueError, AttributeError):
            continue
        if free:
            return free
    return _UNKNOWN_FREE


def _free_linux() -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        ("total", ctypes.c_ulonglong),
        ("available", ctypes.c_ulonglong),
        ("total_page_file", ctypes.c_ulonglong),
        ("available_page_file", ctypes.c_ulonglong),
        ("total_virtual", ctypes.c_ulonglong),
        ("available_virtual", ctypes.c_ulonglong),
        ("available_extended", ctypes.c_ulonglong),
    )


def _free_windows() -> int | None:
    if not sys.platform.startswith("win"):
        return None
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel32 = getattr(ctypes, "windll").kernel32  # noqa: B009 - the attribute exists on Windows alone
    return int(status.available) if kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _free_macos() -> int | None:
    # macOS keeps little memory free and gives up its caches on demand: half of all of it is a fair guess.
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def free_disk(folder: Path) -> float:
    """Return the free bytes of the disk that a folder lies on; no limit where the system does not tell."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return math.inf


def too_long_to_find(path: str | Path) -> str:
    """Return why a path that is there may not be found on Windows, in words; "" if its length is no reason."""
    is_long = sys.platform == "win32" and len(os.path.abspath(path)) > LONGEST_ON_WINDOWS
    return _length_in_words(path) if is_long else ""


def _length_in_words(path: str | Path) -> str:
    n = len(os.path.abspath(path))
    return f"its path has {n} characters, and Windows takes {LONGEST_ON_WINDOWS} unless it is set to take long paths"


def is_too_long(error: OSError) -> bool:
    """Tell whether a path is longer than the system takes."""
    winerror = getattr(error, "winerror", None)
    long = len(os.path.abspath(str(error.filename or ""))) > LONGEST_ON_WINDOWS
    return error.errno == errno.ENAMETOOLONG or winerror == _RANGE or (winerror in _NOT_FOUND and long)


def why_unwritten(error: OSError, folder: Path) -> str:
    """Return in words why the system wrote nothing to a folder."""
    if is_too_long(error) and getattr(error, "winerror", None):
        return _length_in_words(str(error.filename or folder))
    if error.errno == errno.ENOSPC and free_disk(folder) > _ROOM:
        return "its disk takes no more files, though it has space"
    return error.strerror or str(error)


def available_cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        return os.cpu_count() or 1


def cache_folder() -> Path:
    """Return the user's folder for machine code: the plugin's own may be read-only, and updates replace it."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "iikmc" / "numba"


@lru_cache(maxsize=1)
def find_blas() -> Any:
    """Return what sets the threads of the libraries loaded so far; None without threadpoolctl.

    They are looked for once: the system's list of libraries is locked meanwhile, and each entry is looked at with
    Python's lock. A thread that loads a library, as Numba does when it is imported, takes the two in the other order,
    and both would wait for ever. So this is done before such a thread begins (`compiled.background`).
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
