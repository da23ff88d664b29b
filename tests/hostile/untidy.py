"""What the cases about searching and names share: scenes, a search, and an untidy disk."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from iikmc.engine.requests import Request
from iikmc.engine.runs.cluster import cluster
from iikmc.engine.scenes.check import usable_scenes
from iikmc.engine.scenes.scene import Scene
from iikmc.engine.scenes.search import Found, find_scenes
from iikmc.engine.scenes.selection import MaskRule, Selection
from table import assert_sentence
from tiny import ROLES, Recorder, make_scene, product, read_raster, six_band_noise

ONE = product()
TWO = product(day="20220527", processed="20220612")
LEVEL1 = product(day="20220612", level="L1TP", processed="20220628")
DN = six_band_noise(3, 12, 15)
RULE = MaskRule(("cloud",), True)


def scene(folder: Path, name: str = ONE, dn: Any = DN, **options: Any) -> Path:
    """Write a scene folder below `folder`."""
    return make_scene(folder, name, dn, **options)


def touch(path: Path, content: bytes = b"") -> Path:
    """Write a file and the folders it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def search(*paths: Path | str) -> Found:
    """Search, and hold that each note is one sentence."""
    found = find_scenes(paths)
    for note in found.notes:
        assert_sentence(note)
    assert found.notes == sorted(set(found.notes))
    return found


def finds(ids: Iterable[str], *paths: Path | str, notes: Iterable[Iterable[object]] = ()) -> Found:
    """Expect these scenes and, of each note, some words; no more notes than that."""
    found = search(*paths)
    assert sorted(item.id for item in found.scenes) == sorted(ids), [item.id for item in found.scenes]
    expected = [[str(word) for word in words] for words in notes]
    for words in expected:
        assert any(all(word in note for word in words) for note in found.notes), (words, found.notes)
    assert len(found.notes) == len(expected), found.notes
    return found


def usable(*paths: Path | str, roles: tuple[str, ...] = ROLES, rule: MaskRule = RULE) -> tuple[list[Scene], list[str]]:
    """Return the checked scenes and the warnings."""
    recorder = Recorder()
    scenes = usable_scenes(paths, Selection(roles, rule), recorder)
    for warning in recorder.warnings:
        assert_sentence(warning)
    return scenes, recorder.warnings


def classes(out: Path, *paths: Path | str) -> dict[str, np.ndarray]:
    """Cluster and return the classes by the name of the raster."""
    request = Request(scenes=tuple(map(str, paths)), output=out, k=3, mask=RULE, workers=2)
    return {raster.name: read_raster(raster) for raster in cluster(request).rasters}


def same_classes(folder: Path, plain: Path, *changed: Path | str) -> None:
    """Expect of changed names the classes of the plain ones, in a raster of the product's name."""
    expected = classes(folder / "out plain", plain)
    found = classes(folder / "out changed", *changed)
    assert list(found) == list(expected) == [f"{plain.name}_classes.tif"]
    for name, array in expected.items():
        assert np.array_equal(found[name], array)


def renamed(source: Path, target: Path, name_of: Any) -> Path:
    """Copy a scene folder, each file under the name that `name_of(name)` returns; None leaves it out."""
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        name = name_of(path.name)
        if name is not None:
            shutil.copy(path, target / name)
    return target


def with_suffix(suffix: str) -> Any:
    """Return what puts a suffix before the extension of rasters."""
    return lambda name: f"{name[:-4]}{suffix}{name[-4:]}" if name.upper().endswith(".TIF") else name


def make_bundle(target: Path, members: dict[str, Path]) -> Path:
    """Write a tar of files by their names inside, in this order."""
    with tarfile.open(target, "w") as archive:
        for name, path in members.items():
            archive.add(path, name)
    return target


def unreadable(path: Path) -> Any:
    """Let a folder be unreadable, also to root."""
    real = os.scandir

    def refuse(place: Any = ".") -> Any:
        if str(place) == str(path):
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    return mock.patch("os.scandir", refuse)
