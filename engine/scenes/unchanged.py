"""Whether the files of a scene are still what its headers were read of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from ..errors import SceneError
from .places import stamp
from .scene import Scene

Stamp = Optional[tuple[int, int]]
"""Size in bytes and date in ns; None where the file system tells nothing."""


def stamps_of(paths: Iterable[str]) -> dict[str, Stamp]:
    """Return the stamp of each file."""
    return {path: stamp(path) for path in paths}


def change_of(before: Stamp, path: str) -> str:
    """Return in words what has become of a file since it had a stamp, "" if nothing has."""
    if before is None:
        return ""
    after = stamp(path)
    if after is None:
        return "vanished"
    if after[0] != before[0]:
        return f"changed from {before[0]:,} to {after[0]:,} bytes"
    return "" if after == before else "was written to"


def check_unchanged(scene: Scene) -> None:
    """Check that the files of a checked scene are what they were when its headers were read.

    Raises
    ------
    SceneError
        One has changed or vanished; the message names it.
    """
    for path, before in scene.stamps.items():
        change = change_of(before, path)
        if change:
            raise SceneError(
                f"Scene {scene.id}: {Path(path).name} {change} while it was read; wait until whatever writes it is "
                "done, then run again."
            )
