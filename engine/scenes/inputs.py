"""The files that a series is read from, so that nothing is written over one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from glob import escape
from pathlib import Path

from ..paths import Place
from .scene import Scene


def input_places(scenes: Iterable[Scene]) -> Iterator[Place]:
    """Yield the rasters and metadata files of scenes in folders, and the bundles of those in bundles."""
    for scene in scenes:
        place = Path(scene.place)
        if place.is_file():
            yield Place("SCENES", place)
        for path in scene.files_on_disk:
            yield Place("SCENES", Path(path))
        if place.is_file():
            continue
        for path in dict.fromkeys([*scene.metadata, *map(str, sorted(place.glob(f"{escape(scene.id)}_MTL.*")))]):
            yield Place("SCENES", Path(path))
