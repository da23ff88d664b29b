"""What is read of a bundle's headers is bounded, however a Python's tarfile reads them."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from iikmc.engine.errors import SceneError
from iikmc.engine.scenes.search import find_scenes
from tiny import make_scene, make_tar, product

PIECE = 1 << 16


@pytest.mark.parametrize("size", [10 << 20, 40 << 30])
def test_header_read_in_pieces_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """As tarfile of Python 3.14.8 reads one, 64 kB at a time: a header of 40 GB once took all memory."""
    bundle = tmp_path / f"{product(day='20220511')}.tar"
    bundle.touch()
    os.truncate(bundle, size)
    taken = 0

    @contextmanager
    def in_pieces(fileobj: tarfile.ExFileObject, mode: str) -> Iterator[list[tarfile.TarInfo]]:
        nonlocal taken
        while piece := fileobj.read(PIECE):
            taken += len(piece)
        yield []

    monkeypatch.setattr(tarfile, "open", in_pieces)
    with pytest.raises(SceneError, match=r"cannot be read as a tar bundle \(a header of .* or more\)"):
        find_scenes([bundle])
    assert taken < 10 << 20


def test_many_members_are_no_long_header(tmp_path: Path) -> None:
    """Bytes count from the last place that was sought, so bundles of gigabytes and of many empty files are read."""
    name = product(day="20220511")
    bundle = make_tar(make_scene(tmp_path / "in", name, np.full((6, 4, 5), 9000)), tmp_path / f"{name}.tar")
    with tarfile.open(bundle, "a") as archive:
        for number in range(9000):
            archive.addfile(tarfile.TarInfo(f"more/{number}.txt"))
    assert len(find_scenes([bundle]).scenes) == 1
