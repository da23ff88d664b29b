"""Moves a file to its place, also where Windows lets nobody move it for a moment."""

from __future__ import annotations

import os
import time
from pathlib import Path

# Virus scanners, indexers and copying programs open a file that has just been written, for a moment; Windows then says
# that access is denied, or that a file or a part of it is in use (ERROR_ACCESS_DENIED, _SHARING_VIOLATION,
# _LOCK_VIOLATION in winerror.h). What holds it longer, as a layer of QGIS does, is told after 1.5 s.
_IN_USE = (5, 32, 33)
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)


def move(source: Path, target: Path) -> None:
    """Give a file another name, replacing what has it.

    Raises
    ------
    OSError
        The system does not let it.
    """
    for pause in _PAUSES:
        try:
            os.replace(source, target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
        time.sleep(pause)
    os.replace(source, target)
