"""Names that live runs hold, so that what a killed run left can be told from what another run is using.

A lock of the operating system ends with its process, however that ends, so a claim that can be taken is nobody's. On a
disk without locks, as some network disks are, nothing is held and nothing is cleared.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

LOCK = ".lock"
"""How the file of a claim ends."""
# Not at the beginning: on Windows nobody else can read a byte that is locked, and the process stands there.
_LOCKED_BYTE = 1 << 20
# Whoever gives a claim back removes its file; one that vanished between opening and locking is asked for again.
_TRIES = 100


class Busy(Exception):
    """A live run holds the claim; the message names its process, if that is known."""


class Claim:
    """A name in a folder that one run at a time can hold, by a lock on a hidden file."""

    def __init__(self, path: Path) -> None:
        """Take the file's path; nothing is done yet."""
        self._path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is held; not where the disk has no locks."""
        return self._file is not None

    def take(self, *, make: bool = True) -> None:
        """Hold it until `release`, or the end of the process.

        Parameters
        ----------
        make
            Whether the file is made if it is not there.

        Raises
        ------
        Busy
            A live run holds it, in this process or another.
        OSError
            The file cannot be made or opened.
        """
        for _ in range(_TRIES):
            file = os.open(self._path, _flags(make), 0o600)
            try:
                locked = _lock(file)
            except Busy:
                words = _holder(file)
                os.close(file)
                raise Busy(words) from None
            if not locked:
                os.close(file)
                return
            if _is_at(file, self._path):
                self._file = file
                if make:
                    with contextlib.suppress(OSError):  # the number is for a message alone
                        os.write(file, b"%-10d" % os.getpid())
                return
            os.close(file)
        raise Busy("")

    def release(self) -> None:
        """Give it back and remove its file."""
        if self._file is None:
            return
        file, self._file = self._file, None
        if sys.platform == "win32":
            # Windows removes no open file; where another run has opened it meanwhile, it stays that run's.
            os.close(file)
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        else:
            # Removed while it is held: another run that has opened it sees that it is gone.
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            os.close(file)


def clear_dead(folder: Path, prefix: str) -> None:
    """Remove the folders that killed runs left: those beside a claim that begins so and that nobody holds.

    What cannot be removed, or belongs to another user, stays without a word.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(prefix) and entry.name.endswith(LOCK)]
    except OSError:
        return
    for name in names:
        claim = Claim(folder / name)
        try:
            claim.take(make=False)
        except (Busy, OSError):
            continue
        if claim.held:
            shutil.rmtree(folder / name[: -len(LOCK)], ignore_errors=True)
            claim.release()


def _flags(make: bool) -> int:
    # Never through a link or into a pipe that somebody else has put into a common temporary folder.
    safe = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.O_RDWR | safe | (os.O_CREAT if make else 0)


def _lock(file: int) -> bool:
    """Lock a file; return False where the disk has no locks.

    Raises
    ------
    Busy
        Somebody else has locked it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise Busy from None
    except OSError:
        return False
    return True


def _is_at(file: int, path: Path) -> bool:
    """Tell whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False


def _holder(file: int) -> str:
    """Return "process 1234" of the run that holds a claim, "" where it does not say."""
    try:
        os.lseek(file, 0, os.SEEK_SET)
        number = os.read(file, 10).strip()
    except OSError:
        return ""
    return f"process {number.decode()}" if number.isdigit() else ""
