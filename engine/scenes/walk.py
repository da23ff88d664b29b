"""A walk through a folder and all below it: near folders first, so far and no further, each listed once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from ..errors import SceneError
from ..progress import Progress, check_cancelled
from .archives import printable
from .places import Location, bundle, folder, is_bundle
from .trees import expanded

# landsat/218074/2019/scene/scene/files is as deep as such folders have been met; one more for good measure.
DEEPEST = 6
"""Levels of folders below the one to search."""
# On a network disk a listing takes 1-10 ms, so that the search of a whole disk, chosen by mistake, ends in 20 s; with
# two folders a scene these are a thousand scenes.
MOST_FOLDERS = 2000
"""Folders listed in one search."""


def left_out(error: SceneError) -> str:
    """Return the note for what a search met and could not use."""
    text = str(error)
    start = "SCENES: "
    return f"Left out: {text[len(start) :] if text.startswith(start) else text}"


def walk(root: Path, notes: list[str], progress: Progress) -> Iterator[tuple[Location, int]]:
    """Yield the folder, then the bundles in it, then the same of each folder below; with the number of levels below.

    A folder that links lead to twice is visited once, so a link to a folder above ends the way.

    Parameters
    ----------
    root
        A folder.
    notes
        Gets a sentence for what cannot be listed, and where the search ended before the folders did; changed in place.
    progress
        Who may cancel.

    Raises
    ------
    Cancelled
        The user cancelled.
    SceneError
        The folder itself cannot be listed.
    """
    real = os.path.realpath(root)
    waiting = deque([(root, real, 0)])
    known = {real}
    listed = 0
    too_deep: list[Path] = []
    while waiting:
        check_cancelled(progress)
        path, real, level = waiting.popleft()
        if listed == MOST_FOLDERS:
            notes.append(
                f"Left out: {printable(root)} holds more than {MOST_FOLDERS} folders, of which {printable(path)} and "
                "those behind it were not searched; choose folders with fewer."
            )
            break
        listed += 1
        try:
            here = expanded(folder(path))
        except SceneError as error:
            if level == 0:
                raise
            notes.append(left_out(error))
            continue
        yield here, level
        for name in here.members:
            if is_bundle(name):
                check_cancelled(progress)
                try:
                    inside = bundle(path / name)
                except SceneError as error:
                    notes.append(left_out(error))
                else:
                    yield inside, level + 1
        for name in here.folders:
            below = path / name
            # Only a link can lead to a known folder; to ask the disk for each would cost as much as its listing.
            its_own = os.path.realpath(below) if name in here.linked else os.path.join(real, name)
            if its_own in known:
                continue
            known.add(its_own)
            if level == DEEPEST:
                too_deep.append(below)
            else:
                waiting.append((below, its_own, level + 1))
    if too_deep:
        more = f" and {len(too_deep) - 1} more" if len(too_deep) > 1 else ""
        notes.append(
            f"Left out: {printable(too_deep[0])}{more}, which lie more than {DEEPEST} levels below {printable(root)}; "
            "choose a folder nearer to them."
        )
